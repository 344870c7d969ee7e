#include "train/picture_tensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "io/picture.h"
#include "io/picture_resize.h"
#include "models/picture_tensor.h"

namespace vitrine::train {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& path) {
  constexpr std::array<std::string_view, 4> kEndings{".jpg", ".jpeg", ".png", ".webp"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

io::Picture fitted(const io::Picture& picture, const PictureSize& size) {
  return size.stretch ? io::resize(picture, size.width, size.height) : io::cover_crop(picture, size.width, size.height);
}

}  // namespace

std::vector<fs::path> picture_files(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw NotFound(concat("[picture_files] ", folder.string(), ": no such folder"));
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) throw NotFound(concat("[picture_files] ", folder.string(), ": no .jpg, .jpeg, .png or .webp file in it"));
  std::sort(files.begin(), files.end());
  return files;
}

PictureTensors load_pictures(const std::vector<data::PictureFile>& sources, const PictureSize& size, std::vector<size_t>& kept) {
  PictureTensors result;
  std::vector<at::Tensor> pictures;
  std::string names_and_hashes;
  Progress bar("pictures", sources.size(), "pictures");
  for (size_t i = 0; i < sources.size(); ++i) {
    throw_if_interrupted("nothing is saved yet");
    bar.advance();
    const std::string name = data::to_string(sources[i]);
    const auto leave_out = [](const std::exception& error) { log_warn("left out: ", error.what()); };
    try {
      const std::string bytes = data::read_picture_bytes(sources[i]);
      pictures.push_back(models::to_tensor(fitted(io::read_picture(bytes, name), size)));
      result.files.push_back(sources[i].file);
      kept.push_back(i);
      names_and_hashes += concat(fs::path(name).filename().string(), " ", sha256_hex(bytes), "\n");
    } catch (const Corrupt& error) {  // what a picture file can be is an outcome, not a failure
      leave_out(error);
    } catch (const InvalidInput& error) {  // TOO_LARGE
      leave_out(error);
    } catch (const NotFound& error) {
      leave_out(error);
    }
  }
  if (pictures.empty()) throw NotFound("[load_pictures] none of the pictures can be read");
  result.pixels = at::stack(pictures);
  result.sha256 = sha256_hex(names_and_hashes);
  return result;
}

PictureTensors load_pictures(const std::vector<fs::path>& files, const PictureSize& size) {
  std::vector<data::PictureFile> sources;
  for (const fs::path& file : files) sources.push_back({.file = file, .member = {}});
  std::vector<size_t> kept;
  return load_pictures(sources, size, kept);
}

}  // namespace vitrine::train
