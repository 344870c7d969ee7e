// models/picture_tensor.h - pictures as tensors, and tensors as pictures.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "io/picture.h"

namespace vitrine::models {

/// [3, H, W] uint8.
at::Tensor to_tensor(const io::Picture& picture);

/// Any uint8 pictures as float32 from -1 to 1.
at::Tensor to_signed_unit(const at::Tensor& pixels);

/// [3, H, W] from -1 to 1, of any type; values outside are clamped.
io::Picture to_picture(const at::Tensor& picture);

/// The pictures [N, 3, H, W], -1 to 1, in rows of `columns` with a small gap, as a PNG.
std::string grid_png(const at::Tensor& pictures, int64_t columns);

}  // namespace vitrine::models
