#include "models/picture_tensor.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace vitrine::models {

at::Tensor to_tensor(const io::Picture& picture) {
  io::require_whole(picture, "to_tensor");
  const at::Tensor rows = at::from_blob(const_cast<uint8_t*>(picture.rgb.data()), {picture.height, picture.width, 3}, at::kByte);
  return rows.permute({2, 0, 1}).contiguous();
}

at::Tensor to_signed_unit(const at::Tensor& pixels) { return pixels.to(at::kFloat).div_(127.5).sub_(1.0); }

io::Picture to_picture(const at::Tensor& picture) {
  VITRINE_REQUIRE(picture.dim() == 3 && picture.size(0) == 3, "[to_picture] expected [3, H, W], got ", picture.sizes());
  const at::Tensor pixels = picture.detach().to(at::kCPU, at::kFloat).add(1.0).mul_(127.5).round_().clamp_(0, 255).to(at::kByte);
  const at::Tensor rows = pixels.permute({1, 2, 0}).contiguous();  // [H, W, 3]
  const uint8_t* data = rows.const_data_ptr<uint8_t>();
  return {picture.size(2), picture.size(1), {data, data + rows.numel()}};
}

std::string grid_png(const at::Tensor& pictures, int64_t columns) {
  constexpr int64_t kGap = 2;
  const int64_t N = pictures.size(0), H = pictures.size(2), W = pictures.size(3);
  const int64_t rows = (N + columns - 1) / columns;
  const at::Tensor sheet = at::ones({3, rows * (H + kGap) - kGap, columns * (W + kGap) - kGap}, at::kFloat);
  for (int64_t i = 0; i < N; ++i) {
    const int64_t top = i / columns * (H + kGap), left = i % columns * (W + kGap);
    sheet.narrow(1, top, H).narrow(2, left, W).copy_(pictures[i].detach());
  }
  return io::encode_picture(to_picture(sheet), io::PictureFormat::png);
}

}  // namespace vitrine::models
