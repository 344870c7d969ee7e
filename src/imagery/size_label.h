// imagery/size_label.h - what a picture may be used as, by what is measured in it. All criteria stand in this header.
//
// | label                        | inspection | shorter side | own side |
// |------------------------------|------------|--------------|----------|
// | 可上架 listing-ready         | accepted   | >= 800       | >= 800   |
// | 缩略图 thumbnail             | accepted   | >= 128       | >= 64    |
// | 概念图 concept               | all others |              |          |
//
// The own side is the shorter side at which the picture is as sharp as a photograph: it is halved while the finest octave holds
// too little. So a picture that was only made larger keeps the side that it had.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "io/picture.h"

namespace vitrine::imagery {

/// From the least to the most.
enum class SizeLabel { concept_picture, thumbnail, listing_ready };
inline constexpr SizeLabel kSizeLabels[] = {SizeLabel::concept_picture, SizeLabel::thumbnail, SizeLabel::listing_ready};

/// Pixels. Main pictures of 淘宝, 天猫 and 京东 are 800 x 800 (listing software of 2026, not confirmed by their consoles).
inline constexpr int64_t kListingSide = 800;
/// Pixels. No smaller picture holds a legible AI label (explicit_label.h, kMinLabelledSide).
inline constexpr int64_t kThumbnailSide = 128;
/// Half of it: decoders of latents are soft in the finest octave.
inline constexpr int64_t kThumbnailOwnSide = 64;
/// Energy of the Laplacian of the lightness, over that of the picture at half the size. Measured on 150 photographs of the clothing
/// set, at 256 pixels: 0.36 is their 5 % quantile, their median is 0.57. Made smaller and then larger again by bilinear, cubic or
/// Lanczos kernels 199 of 200 have less than 0.17 at twice the size, 95 of 100 less than 0.33 at one and a half.
inline constexpr double kLeastFineEnergy = 0.35;
/// Share of the differences between neighbours that lie at one place of every 2, 3 or 4 pixels, in rows and columns: a picture made of
/// blocks. Photographs have at most 0.61, ones whose pixels were repeated 1.
inline constexpr double kMostBlockShare = 0.9;

/// "concept", "thumbnail", "listing-ready"; 概念图, 缩略图, 可上架.
std::string_view english(SizeLabel label);
std::string_view chinese(SizeLabel label);
/// By the English word. Nothing for another one.
std::optional<SizeLabel> size_label_named(std::string_view word);

/// Pixels, at most the shorter side. Throws InvalidInput for a picture that is not whole.
int64_t own_side(const io::Picture& picture);

/// `accepted`: by the inspection (inspection.h); false for a picture that nobody has inspected. Throws as own_side.
SizeLabel size_label(const io::Picture& picture, bool accepted);

/// The most that a picture with this shorter side can be, however sharp it is.
SizeLabel most_of_side(int64_t shorter_side);

}  // namespace vitrine::imagery
