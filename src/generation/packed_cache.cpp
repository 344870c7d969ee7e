#include "generation/packed_cache.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "base/cache_folder.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/checkpoint.h"
#include "kernels/aligned_buffer.h"

namespace vitrine::generation {
namespace {

namespace fs = std::filesystem;
using kernels::PackedMatrix;

/// Changes with the layout of packed matrices or of this file.
constexpr std::string_view kFormat = "vitrine-packed-1";
constexpr size_t kLeastBytes = size_t{4} << 20;  // smaller models are packed in no time

/// Size, inode, times of last change and of last change of the inode, of all files.
std::string state_of(std::span<const fs::path> files) {
  std::string state;
  for (const fs::path& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0)
      throw NotFound(concat("[PackedCache] ", file.string(), ": not there"));
    const auto nanoseconds = [](const timespec& time) {
      return concat(time.tv_sec, ".", time.tv_nsec);
    };
    state += concat(file.filename().string(), " ", info.st_size, " ", info.st_ino, " ",
                    nanoseconds(info.st_mtim), " ", nanoseconds(info.st_ctim), "\n");
  }
  return state;
}

std::string sha256_of(std::span<const fs::path> files) {
  if (files.size() == 1) return sha256_file(files.front());
  std::string hashes;
  for (const fs::path& file : files) hashes += sha256_file(file);
  return sha256_hex(hashes);
}

std::vector<fs::path> places_for(const fs::path& model_dir, const std::string& dtype) {
  const std::string name = concat("packed-", dtype, ".cache");
  std::vector<fs::path> places{model_dir / name};
  if (const auto folder = user_cache_folder()) {
    const std::string key = sha256_hex(fs::weakly_canonical(model_dir).string()).substr(0, 16);
    places.push_back(*folder / "vitrine" / "packed" / key / name);
  }
  return places;
}

/// All matrices of a network in one piece of memory, which lies in large pages: mapped files lie in
/// small ones, where reading the weights for each token misses the address cache.
class MatrixMemory {
 public:
  MatrixMemory(std::span<const MatrixSource> sources, kernels::WeightType type)
      : memory_(std::make_shared<kernels::AlignedBuffer<std::byte>>(size_of(sources, type))),
        left_(memory_->span()) {}

  size_t size_bytes() const { return memory_->size(); }
  PackedMatrix::Place take(size_t size) {
    const PackedMatrix::Place place{left_.first(size), memory_};
    left_ = left_.subspan(size);
    return place;
  }

 private:
  static size_t size_of(std::span<const MatrixSource> sources, kernels::WeightType type) {
    size_t size = 0;
    for (const MatrixSource& source : sources)
      size += PackedMatrix::packed_size_bytes(source.K, source.N, type);
    return size;
  }

  std::shared_ptr<kernels::AlignedBuffer<std::byte>> memory_;
  std::span<std::byte> left_;
};

/// Piece by piece, so that little of the file is resident beside its copy.
void copy_and_release(std::span<const std::byte> mapped, std::span<std::byte> memory) {
  constexpr size_t kPiece = size_t{1} << 20;
  for (size_t begin = 0; begin < mapped.size(); begin += kPiece) {
    const auto piece = mapped.subspan(begin, std::min(kPiece, mapped.size() - begin));
    std::copy(piece.begin(), piece.end(), memory.begin() + static_cast<std::ptrdiff_t>(begin));
    release_pages(piece);
  }
}

PackedMatrix packed(const MatrixSource& source, kernels::WeightType type, ThreadPool& pool,
                    PackedMatrix::Place place) {
  const std::vector<float> weights = source.weights();
  const std::vector<float> bias = source.bias ? source.bias() : std::vector<float>{};
  const auto pack = source.out_in ? PackedMatrix::from_out_in : PackedMatrix::from_in_out;
  return pack(weights, source.K, source.N, bias, type, pool, std::move(place));
}

}  // namespace

PackedCache::PackedCache(const fs::path& model_dir, std::string dtype)
    : places_(places_for(model_dir, dtype)), dtype_(std::move(dtype)) {
  const auto checkpoint = io::open_checkpoint(model_dir);
  for (const auto& file : checkpoint.files()) weight_files_.push_back(file->path());
  sources_ = state_of(weight_files_);
  for (const fs::path& place : places_) {
    if (adopt(place)) return;
  }
}

bool PackedCache::adopt(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  try {
    auto file = std::make_shared<const io::SafetensorsFile>(path);
    const auto field = [&](const char* name) {
      const auto found = file->metadata().find(name);
      return found == file->metadata().end() ? std::string() : found->second;
    };
    if (field("packed") != kFormat || field("dtype") != dtype_) return false;
    is_stale_ = field("sources") != sources_;
    if (is_stale_ && field("sha256") != content_sha256()) return false;
    sha256_ = field("sha256");
    file_ = std::move(file);
    return true;
  } catch (const Corrupt& e) {
    log_debug("[PackedCache] ", e.what(), "; it is made anew");
    return false;
  }
}

const std::string& PackedCache::content_sha256() {
  if (sha256_.empty()) sha256_ = sha256_of(weight_files_);
  return sha256_;
}

std::optional<std::vector<PackedMatrix>> PackedCache::kept(std::span<const MatrixSource> sources,
                                                           kernels::WeightType type) const {
  if (file_ == nullptr || file_->tensors().size() != sources.size()) return std::nullopt;
  std::vector<const io::TensorView*> tensors;
  for (const MatrixSource& source : sources) {
    tensors.push_back(file_->find(std::to_string(tensors.size())));
    const size_t size = PackedMatrix::packed_size_bytes(source.K, source.N, type);
    if (tensors.back() == nullptr || tensors.back()->bytes.size() != size) return std::nullopt;
  }
  MatrixMemory memory(sources, type);
  std::vector<PackedMatrix> matrices;
  for (size_t i = 0; i < sources.size(); ++i) {
    const PackedMatrix::Place place = memory.take(tensors[i]->bytes.size());
    copy_and_release(tensors[i]->bytes, place.bytes);
    matrices.push_back(
        PackedMatrix::from_bytes(sources[i].K, sources[i].N, type, place.bytes, place.owner));
  }
  return matrices;
}

std::vector<PackedMatrix> PackedCache::matrices(std::span<const MatrixSource> sources,
                                                kernels::WeightType type, ThreadPool& pool) {
  if (auto matrices = kept(sources, type)) {
    if (is_stale_) keep(*matrices);
    return std::move(*matrices);
  }
  MatrixMemory memory(sources, type);
  std::vector<PackedMatrix> matrices;
  for (const MatrixSource& source : sources) {
    const size_t size = PackedMatrix::packed_size_bytes(source.K, source.N, type);
    matrices.push_back(packed(source, type, pool, memory.take(size)));
  }
  if (memory.size_bytes() >= kLeastBytes) keep(matrices);
  return matrices;
}

/// Only of what was read: when the weights have been replaced meanwhile, nothing is kept.
void PackedCache::keep(std::span<const PackedMatrix> matrices) {
  content_sha256();
  if (state_of(weight_files_) != sources_) return;
  for (const fs::path& place : places_) {
    if (keep_at(place, matrices)) return;
  }
}

bool PackedCache::keep_at(const fs::path& path, std::span<const PackedMatrix> matrices) const {
  std::vector<io::TensorToSave> tensors;
  for (const PackedMatrix& matrix : matrices) {
    const auto size = static_cast<int64_t>(matrix.bytes().size());
    tensors.push_back({std::to_string(tensors.size()), io::DType::U8, {size}, matrix.bytes()});
  }
  const std::map<std::string, std::string> metadata{{"packed", std::string(kFormat)},
                                                    {"dtype", dtype_},
                                                    {"sha256", sha256_},
                                                    {"sources", sources_}};
  try {
    io::save_safetensors(path, tensors, metadata);
    return true;
  } catch (const IoError& e) {
    log_debug("[PackedCache] not kept: ", e.what());
    return false;
  }
}

}  // namespace vitrine::generation
