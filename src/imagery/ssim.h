// imagery/ssim.h - structural similarity of two pictures.
#pragma once
#include "io/picture.h"

namespace vitrine::imagery {

/// Mean SSIM of the luma of two pictures of one size, in windows of 8 x 8 pixels (smaller where a
/// side is shorter), moved by one pixel; 1 = the same. Constants as in the paper: K1 = 0.01, K2 =
/// 0.03, range 255. Source: Wang et al. 2004, equation 13, with the uniform window of its section
/// III-B. Throws InvalidInput for pictures of different sizes.
double ssim(const io::Picture& a, const io::Picture& b);

}  // namespace vitrine::imagery
