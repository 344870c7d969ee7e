#include "imagery/explicit_label.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/resource.h"
#include "imagery/ssim.h"
#include "io/picture_resize.h"

namespace vitrine::imagery {
namespace {

using io::Colour;
using io::Picture;

constexpr Colour kDark = {24, 24, 24}, kLight = {250, 250, 250};
constexpr uint8_t kAllInk = 250, kNoInk = 5;  // of 255: pixels that show one colour only

int64_t half_up(int64_t value) { return (value + 1) / 2; }
int64_t margin_of(int64_t ink_height) { return half_up(ink_height); }
int64_t padding_of(int64_t ink_height) { return std::max<int64_t>(3, (ink_height + 2) / 3); }

double linear(uint8_t value) {
  const double v = value / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double luminance(const Colour& c) {
  return 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
}

/// 0 to 255, whole numbers only: the colours of a plate must not depend on the machine.
int64_t mean_luma(const Picture& picture, const Rect& rect) {
  int64_t sum = 0;
  for (int64_t y = rect.y; y < rect.y + rect.height; ++y)
    for (int64_t x = rect.x; x < rect.x + rect.width; ++x) {
      const auto i = static_cast<size_t>((y * picture.width + x) * 3);
      sum += 299 * picture.rgb[i] + 587 * picture.rgb[i + 1] + 114 * picture.rgb[i + 2];
    }
  return sum / (1000 * rect.width * rect.height);
}

int64_t overlap(const ProductMask* mask, const Rect& rect) {
  if (mask == nullptr) return 0;
  int64_t count = 0;
  for (int64_t y = rect.y; y < rect.y + rect.height; ++y)
    for (int64_t x = rect.x; x < rect.x + rect.width; ++x)
      count += mask->product[static_cast<size_t>(y * mask->width + x)] != 0 ? 1 : 0;
  return count;
}

/// Bottom right, bottom left, top right, top left.
std::array<Rect, 4> corners(int64_t width, int64_t height, const Rect& plate, int64_t margin) {
  const int64_t right = width - margin - plate.width, bottom = height - margin - plate.height;
  std::array<Rect, 4> result;
  const std::array<std::pair<int64_t, int64_t>, 4> places = {
      {{right, bottom}, {margin, bottom}, {right, margin}, {margin, margin}}};
  for (size_t i = 0; i < places.size(); ++i)
    result[i] = {places[i].first, places[i].second, plate.width, plate.height};
  return result;
}

void paste(const Picture& from, const Rect& rect, Picture& onto) {
  for (int64_t y = 0; y < rect.height; ++y)
    std::copy_n(from.rgb.begin() + y * rect.width * 3, rect.width * 3,
                onto.rgb.begin() + ((rect.y + y) * onto.width + rect.x) * 3);
}

/// Size and height of a label for a picture of this size; no place and no colours yet.
DrawnLabel sized_label(const std::string& wording, int64_t width, int64_t height) {
  const LabelGlyphs& glyphs = LabelGlyphs::shipped();
  DrawnLabel label{.wording = wording, .rect = {}, .glyphs_sha256 = glyphs.sha256()};
  label.em = glyphs.em_for(wording, required_ink_height(width, height));
  const InkLine line = glyphs.draw(wording, label.em);
  label.ink_height = line.ink_height;
  label.rect.width = line.coverage.width + 2 * padding_of(line.ink_height);
  label.rect.height = line.coverage.height + 2 * padding_of(line.ink_height);
  return label;
}

void require_fit(const DrawnLabel& label, const Picture& picture) {
  const int64_t margin = margin_of(label.ink_height);
  VITRINE_REQUIRE(label.rect.width + 2 * margin <= picture.width &&
                      label.rect.height + 2 * margin <= picture.height,
                  "[draw_explicit_label] LBL_NO_ROOM: the label ", label.wording, " takes ",
                  label.rect.width, " x ", label.rect.height, " and a margin of ", margin,
                  ", the picture has ", picture.width, " x ", picture.height);
}

/// The picture with a white strip below that holds the label.
DrawnLabel grow(Picture& picture, const std::string& wording) {
  DrawnLabel label = sized_label(wording, picture.width, picture.height);
  int64_t strip = 0;
  // A higher picture may ask for a higher label, which asks for a higher strip.
  while (label.rect.height + 2 * margin_of(label.ink_height) > strip) {
    strip = label.rect.height + 2 * margin_of(label.ink_height);
    label = sized_label(wording, picture.width, picture.height + strip);
  }
  picture.rgb.resize(picture.rgb.size() + static_cast<size_t>(strip * picture.width * 3), 255);
  picture.height += strip;
  return label;
}

void set_colours(const Picture& picture, DrawnLabel& label) {
  const bool bright = mean_luma(picture, label.rect) >= 128;
  label.plate = bright ? kLight : kDark;
  label.ink = bright ? kDark : kLight;
}

Json colour_json(const Colour& colour) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "#";
  for (const uint8_t value : colour) {
    text += kDigits[value / 16];
    text += kDigits[value % 16];
  }
  return text;
}

std::optional<Colour> read_colour(const std::string& text) {
  if (text.size() != 7 || text[0] != '#' ||
      text.find_first_not_of("0123456789abcdef", 1) != text.npos)
    return std::nullopt;
  Colour colour{};
  for (size_t i = 0; i < 3; ++i)
    colour[i] = static_cast<uint8_t>(std::stoi(text.substr(1 + 2 * i, 2), nullptr, 16));
  return colour;
}

/// In a corner: near to one side across and to one down, but at least half the height of its ink
/// away from all.
bool is_in_corner(const DrawnLabel& label, const Picture& picture) {
  const auto& r = label.rect;
  const std::array<int64_t, 4> margins = {r.x, picture.width - r.x - r.width, r.y,
                                          picture.height - r.y - r.height};
  const int64_t least = margin_of(label.ink_height), most = 2 * label.ink_height;
  return *std::min_element(margins.begin(), margins.end()) >= least &&
         std::min(margins[0], margins[1]) <= most && std::min(margins[2], margins[3]) <= most;
}

/// Mean colours of the picture where the label has ink, and where it has none.
double measured_contrast(const Picture& part, const Coverage& coverage) {
  std::array<int64_t, 3> ink{}, plate{};
  int64_t inked = 0, blank = 0;
  for (size_t i = 0; i < coverage.ink.size(); ++i) {
    const bool is_ink = coverage.ink[i] >= kAllInk;
    if (!is_ink && coverage.ink[i] > kNoInk) continue;
    ++(is_ink ? inked : blank);
    for (size_t c = 0; c < 3; ++c) (is_ink ? ink : plate)[c] += part.rgb[3 * i + c];
  }
  if (inked == 0 || blank == 0) return 1;
  Colour a{}, b{};
  for (size_t c = 0; c < 3; ++c) {
    a[c] = static_cast<uint8_t>(ink[c] / inked);
    b[c] = static_cast<uint8_t>(plate[c] / blank);
  }
  return contrast_ratio(a, b);
}

}  // namespace

int64_t required_ink_height(int64_t width, int64_t height) {
  return std::max<int64_t>(12, (std::min(width, height) + 19) / 20);
}

double contrast_ratio(const Colour& a, const Colour& b) {
  const auto [darker, lighter] = std::minmax({luminance(a), luminance(b)});
  return (lighter + 0.05) / (darker + 0.05);
}

const checks::LabelWordings& picture_wordings() {
  static const checks::LabelWordings wordings =
      checks::LabelWordings::load(resource_path("rules/labels/picture_wordings.tsv"));
  return wordings;
}

Json to_json(const DrawnLabel& label) {
  const Rect& r = label.rect;
  return {{"rect", {r.x, r.y, r.width, r.height}}, {"text", label.wording},
          {"height_px", label.ink_height},         {"em_px", label.em},
          {"ink", colour_json(label.ink)},         {"plate", colour_json(label.plate)},
          {"glyphs_sha256", label.glyphs_sha256}};
}

std::optional<DrawnLabel> read_drawn_label(const Json& json) {
  try {
    DrawnLabel label{
        .wording = json.at("text").get<std::string>(), .rect = {}, .glyphs_sha256 = {}};
    const auto rect = json.at("rect").get<std::vector<int32_t>>();
    if (rect.size() != 4) return std::nullopt;
    label.rect = {rect[0], rect[1], rect[2], rect[3]};
    label.em = json.at("em_px").get<int32_t>();
    label.ink_height = json.at("height_px").get<int32_t>();
    const auto ink = read_colour(json.at("ink").get<std::string>());
    const auto plate = read_colour(json.at("plate").get<std::string>());
    if (!ink || !plate) return std::nullopt;
    label.ink = *ink;
    label.plate = *plate;
    label.glyphs_sha256 = json.at("glyphs_sha256").get<std::string>();
    return label;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

LabelPlate draw_plate(const DrawnLabel& label) {
  const InkLine line = LabelGlyphs::shipped().draw(label.wording, label.em);
  const Coverage& ink = line.coverage;
  const int64_t padding = padding_of(line.ink_height);
  const int64_t width = ink.width + 2 * padding, height = ink.height + 2 * padding;
  VITRINE_REQUIRE(width == label.rect.width && height == label.rect.height,
                  "[draw_plate] rect: the label takes ", width, " x ", height, ", stored are ",
                  label.rect.width, " x ", label.rect.height);
  LabelPlate plate{
      .picture = io::blank_picture(width, height, label.plate),
      .coverage = {width, height, std::vector<uint8_t>(static_cast<size_t>(width * height))},
      .ink_height = line.ink_height};
  for (int64_t y = 0; y < ink.height; ++y)
    for (int64_t x = 0; x < ink.width; ++x) {
      const int share = ink.ink[static_cast<size_t>(y * ink.width + x)];
      const auto at = static_cast<size_t>((y + padding) * width + x + padding);
      plate.coverage.ink[at] = static_cast<uint8_t>(share);
      for (size_t c = 0; c < 3; ++c)
        plate.picture.rgb[3 * at + c] = static_cast<uint8_t>(
            (label.plate[c] * (255 - share) + label.ink[c] * share + 127) / 255);
    }
  return plate;
}

DrawnLabel draw_explicit_label(Picture& picture, const ExplicitLabelConfig& config) {
  io::require_whole(picture, "draw_explicit_label");
  VITRINE_REQUIRE(std::min(picture.width, picture.height) >= kMinLabelledSide,
                  "[draw_explicit_label] LBL_TOO_SMALL: expected a shortest side of at least ",
                  kMinLabelledSide, " pixels, got ", picture.width, " x ", picture.height,
                  ": enlarge the picture first");
  VITRINE_REQUIRE(config.mask == nullptr || (config.mask->width == picture.width &&
                                             config.mask->height == picture.height &&
                                             config.mask->product.size() == picture.rgb.size() / 3),
                  "[draw_explicit_label] mask: expected the picture's size, ", picture.width, " x ",
                  picture.height);
  const std::string& wording = picture_wordings().allowed(config.wording);
  DrawnLabel label = sized_label(wording, picture.width, picture.height);
  require_fit(label, picture);
  auto places = corners(picture.width, picture.height, label.rect, margin_of(label.ink_height));
  const auto less = [&](const Rect& a, const Rect& b) {
    return overlap(config.mask, a) < overlap(config.mask, b);
  };
  label.rect = *std::min_element(places.begin(), places.end(), less);
  if (config.may_grow && overlap(config.mask, label.rect) > 0) {
    label = grow(picture, wording);
    label.rect =
        corners(picture.width, picture.height, label.rect, margin_of(label.ink_height)).front();
  }
  set_colours(picture, label);
  paste(draw_plate(label).picture, label.rect, picture);
  return label;
}

LabelProof prove_label(const Picture& picture, const DrawnLabel& label, bool lossless) {
  LabelProof proof{.required = required_ink_height(picture.width, picture.height), .problem = {}};
  const auto& wordings = picture_wordings().all();
  proof.wording = std::find(wordings.begin(), wordings.end(), label.wording) != wordings.end();
  if (label.glyphs_sha256 != LabelGlyphs::shipped().sha256()) {
    proof.problem = "the label was drawn with other glyphs than this program has";
    return proof;
  }
  if (!proof.wording) {
    proof.problem = "the stored wording is none that is allowed";
    return proof;
  }
  if (label.em > 2 * label.rect.height || label.rect.height > picture.height ||
      label.rect.width > picture.width) {
    proof.problem = "the stored rectangle and size do not fit together";
    return proof;
  }
  try {
    const LabelPlate plate = draw_plate(label);
    const Picture part =
        io::crop(picture, label.rect.x, label.rect.y, label.rect.width, label.rect.height);
    proof.similarity = ssim(part, plate.picture);
    proof.same = lossless ? part.rgb == plate.picture.rgb : proof.similarity >= kMinSimilarity;
    proof.height = plate.ink_height;
    proof.edge = plate.ink_height == label.ink_height && is_in_corner(label, picture);
    proof.contrast = measured_contrast(part, plate.coverage);
  } catch (const InvalidInput& e) {  // a stored description that no label fits
    proof.problem = e.what();
  }
  return proof;
}

}  // namespace vitrine::imagery
