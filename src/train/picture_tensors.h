// train/picture_tensors.h - the pictures of a folder as one tensor, cut to one size.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/picture_record.h"

namespace vitrine::train {

struct PictureSize {
  int64_t width = 128, height = 128;  // pixels
  bool stretch = false;  // pictures become of this size whatever their ratio; else they cover it and are cut
};

struct PictureTensors {
  at::Tensor pixels;                         // [N, 3, H, W] uint8
  std::vector<std::filesystem::path> files;  // [N]
  std::string sha256;                        // over the files' names and bytes
};

/// All .jpg, .jpeg, .png and .webp files below the folder, in order of their paths.
/// Throws NotFound when there is no such folder or no picture in it.
std::vector<std::filesystem::path> picture_files(const std::filesystem::path& folder);

/// Each picture as `size` says. A file that is missing, broken or larger than the limits of io::read_picture is left out with a warning.
/// Shows progress. Throws NotFound (no readable picture), Cancelled.
PictureTensors load_pictures(const std::vector<std::filesystem::path>& files, const PictureSize& size);
/// The same of pictures that may lie in containers. kept: of each picture in the result, its index in `pictures`.
PictureTensors load_pictures(const std::vector<data::PictureFile>& pictures, const PictureSize& size, std::vector<size_t>& kept);

}  // namespace vitrine::train
