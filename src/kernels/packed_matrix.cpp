#include "kernels/packed_matrix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "kernels/aligned_buffer.h"

namespace vitrine::kernels {
namespace {

constexpr size_t kMaxInt8Inputs = 131'072;  // 127 * 127 * K stays below 2^31
constexpr std::array<int8_t, 16> kCodes = {VITRINE_INT4_CODES};

/// Tile instructions take 64 bytes of a row at a time, so K is filled up to that; float32 has no such form.
size_t steps_of(size_t K, WeightType type) {
  switch (type) {
    case WeightType::float32: return K;
    case WeightType::bfloat16: return (K + 31) / 32 * 16;
    case WeightType::int8: return (K + 63) / 64 * 16;
    case WeightType::int4: return (K + kGroup - 1) / kGroup;
  }
  return 0;
}

size_t panel_bytes(size_t K, WeightType type) { return steps_of(K, type) * (type == WeightType::int4 ? kInt4GroupBytes : 4 * kPanelColumns); }

size_t panels_of(size_t N) { return (N + kPanelColumns - 1) / kPanelColumns; }

uint16_t to_bf16(float value) {
  uint16_t bits;
  scalar::round_bf16(&value, 1, &bits);
  return bits;
}

float from_bf16(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

/// One panel's part of the matrix that is packed.
struct Source {
  const float* first;
  size_t k_stride, n_stride, K;
  size_t columns;  // that exist

  float at(size_t k, size_t n) const { return first[k * k_stride + n * n_stride]; }
};

void pack_float32(const Source& w, float* panel) {
  for (size_t k = 0; k < w.K; ++k) {
    for (size_t n = 0; n < w.columns; ++n) panel[k * kPanelColumns + n] = w.at(k, n);
  }
}

void pack_bfloat16(const Source& w, uint16_t* panel) {
  for (size_t k = 0; k < w.K; ++k) {
    for (size_t n = 0; n < w.columns; ++n) panel[(k / 2 * kPanelColumns + n) * 2 + k % 2] = to_bf16(w.at(k, n));
  }
}

void pack_int8(const Source& w, int8_t* panel, float* scales, int32_t* sums) {
  float inverses[kPanelColumns];
  for (size_t n = 0; n < w.columns; ++n) {
    float max = 0;
    bool finite = true;
    for (size_t k = 0; k < w.K; ++k) {
      max = std::max(max, std::abs(w.at(k, n)));
      finite = finite && std::isfinite(w.at(k, n));
    }
    const bool quantised = finite && max >= 0x1p-100f;
    scales[n] = !finite ? NAN : quantised ? max / 127.0f : 0.0f;
    inverses[n] = quantised ? 127.0f / max : 0.0f;
  }
  for (size_t k = 0; k < w.K; ++k) {
    for (size_t n = 0; n < w.columns; ++n) {
      const int q = inverses[n] == 0 ? 0 : static_cast<int>(std::nearbyint(w.at(k, n) * inverses[n]));
      panel[(k / 4 * kPanelColumns + n) * 4 + k % 4] = static_cast<int8_t>(q);
      sums[n] -= 128 * q;
    }
  }
}

/// The index of the code nearest to each whole number from -256 to 255.
constexpr std::array<uint8_t, 512> nearest_codes() {
  std::array<uint8_t, 512> nearest{};
  for (int value = -256, code = 0; value < 256; ++value) {
    while (code < 15 && 2 * value > kCodes[static_cast<size_t>(code)] + kCodes[static_cast<size_t>(code) + 1]) ++code;
    nearest[static_cast<size_t>(value + 256)] = static_cast<uint8_t>(code);
  }
  return nearest;
}
constexpr std::array<uint8_t, 512> kNearest = nearest_codes();

using Group = std::array<float, kGroup>;

/// Places of group[i] / scale in tables of 512; inside them where |scale| >= largest |group[i]| / 255.
std::array<int32_t, kGroup> places_of(const Group& group, float scale) {
  std::array<int32_t, kGroup> places;
  const float inverse = 1 / scale;
  for (size_t i = 0; i < kGroup; ++i) places[i] = static_cast<int32_t>(group[i] * inverse + 256.5f);
  return places;
}

/// The nearest code itself, in the same places.
constexpr std::array<float, 512> nearest_values() {
  std::array<float, 512> values{};
  for (size_t i = 0; i < values.size(); ++i) values[i] = kCodes[kNearest[i]];
  return values;
}
constexpr std::array<float, 512> kNearestValues = nearest_values();

struct Fit {
  float scale;      // that fits the codes best
  float explained;  // of the group's square
};

/// Codes the group with `scale`, then fits a scale to the codes.
Fit fit(const Group& group, float scale) {
  const auto places = places_of(group, scale);
  float products[4] = {}, squares[4] = {};  // four sums each, so that no addition waits for the one before
  for (size_t i = 0; i < kGroup; i += 4) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const float code = kNearestValues[static_cast<size_t>(places[i + lane])];
      products[lane] += group[i + lane] * code;
      squares[lane] += code * code;
    }
  }
  const float product = products[0] + products[1] + products[2] + products[3];
  const float square = squares[0] + squares[1] + squares[2] + squares[3];
  return {product / square, product / square * product};
}

struct CodedGroup {
  uint16_t scale = 0;
  std::array<uint8_t, kGroup> codes{};
};

/// Tries scales that map the largest value on either end of the codes, or a little inside or outside.
CodedGroup code_group(const Group& group) {
  CodedGroup coded;
  float extreme = 0;
  for (const float value : group) {
    if (!(std::abs(value) <= 0x1p60f)) {  // or its square overflows
      coded.scale = to_bf16(NAN);
      return coded;
    }
    if (std::abs(value) > std::abs(extreme)) extreme = value;
  }
  if (std::abs(extreme) < 0x1p-100f) return coded;
  Fit best{0, -1};
  for (const float end : {static_cast<float>(kCodes.front()), static_cast<float>(kCodes.back())}) {
    for (const float factor : {0.85f, 0.93f, 1.0f, 1.07f, 1.15f}) {
      const Fit candidate = fit(group, extreme / (end * factor));
      if (candidate.explained > best.explained) best = candidate;
    }
  }
  coded.scale = to_bf16(best.scale);
  const auto places = places_of(group, from_bf16(coded.scale));
  for (size_t i = 0; i < kGroup; ++i) coded.codes[i] = kNearest[static_cast<size_t>(std::clamp(places[i], 0, 511))];
  return coded;
}

void pack_int4(const Source& w, uint8_t* panel) {
  for (size_t g = 0; g * kGroup < w.K; ++g) {
    uint8_t* bytes = panel + g * kInt4GroupBytes;
    for (size_t n = 0; n < w.columns; ++n) {
      Group group{};
      for (size_t i = 0; i < kGroup && g * kGroup + i < w.K; ++i) group[i] = w.at(g * kGroup + i, n);
      const CodedGroup coded = code_group(group);
      std::memcpy(bytes + 2 * n, &coded.scale, 2);
      uint8_t* column = bytes + 2 * kPanelColumns + n / 16 * 256 + n % 16 * 4;
      for (size_t i = 0; i < kGroup; ++i) {
        column[i / 8 * 64 + i % 4] = static_cast<uint8_t>(column[i / 8 * 64 + i % 4] | coded.codes[i] << (i % 8 < 4 ? 0 : 4));
      }
    }
  }
}

}  // namespace

size_t PackedMatrix::packed_size_bytes(size_t K, size_t N, WeightType type) {
  const size_t side_arrays = type == WeightType::int8 ? 3 : 1;  // bias; scales and sums
  return panels_of(N) * (panel_bytes(K, type) + side_arrays * kPanelColumns * 4);
}

size_t PackedMatrix::steps() const { return steps_of(K_, type_); }

const std::byte* PackedMatrix::side_data(size_t idx) const {
  return bytes_.data() + num_panels() * (panel_bytes(K_, type_) + idx * kPanelColumns * 4);
}

const float* PackedMatrix::bias() const { return reinterpret_cast<const float*>(side_data(0)); }

const float* PackedMatrix::column_scales() const {
  return type_ == WeightType::int8 ? reinterpret_cast<const float*>(side_data(1)) : nullptr;
}

const int32_t* PackedMatrix::column_sums() const {
  return type_ == WeightType::int8 ? reinterpret_cast<const int32_t*>(side_data(2)) : nullptr;
}

PackedMatrix PackedMatrix::pack(std::span<const float> weights, size_t k_stride, size_t n_stride, size_t K, size_t N,
                                std::span<const float> bias, WeightType type, ThreadPool& pool, Place place) {
  VITRINE_REQUIRE(weights.size() == K * N, "[PackedMatrix] weights: expected ", K, " * ", N, " values, got ", weights.size());
  VITRINE_REQUIRE(bias.empty() || bias.size() == N, "[PackedMatrix] bias: expected ", N, " values, got ", bias.size());
  const size_t size_bytes = packed_size_bytes(K, N, type);
  if (place.bytes.empty()) {
    const std::shared_ptr<void> memory = allocate_aligned(size_bytes);
    place = {{static_cast<std::byte*>(memory.get()), size_bytes}, memory};
  }
  PackedMatrix matrix = from_bytes(K, N, type, place.bytes, std::move(place.owner));
  std::byte* bytes = place.bytes.data();
  const auto side = [&](size_t idx) { return bytes + (matrix.side_data(idx) - matrix.bytes_.data()); };
  if (!bias.empty()) std::memcpy(side(0), bias.data(), N * sizeof(float));
  pool.parallel_for(matrix.num_panels(), [&](size_t begin, size_t end) {
    for (size_t panel_idx = begin; panel_idx < end; ++panel_idx) {
      const size_t first = panel_idx * kPanelColumns;
      const Source source{weights.data() + first * n_stride, k_stride, n_stride, K, std::min(kPanelColumns, N - first)};
      std::byte* panel = bytes + panel_idx * panel_bytes(K, type);
      switch (type) {
        case WeightType::float32: pack_float32(source, reinterpret_cast<float*>(panel)); break;
        case WeightType::bfloat16: pack_bfloat16(source, reinterpret_cast<uint16_t*>(panel)); break;
        case WeightType::int8:
          pack_int8(source, reinterpret_cast<int8_t*>(panel), reinterpret_cast<float*>(side(1)) + first,
                    reinterpret_cast<int32_t*>(side(2)) + first);
          break;
        case WeightType::int4: pack_int4(source, reinterpret_cast<uint8_t*>(panel)); break;
      }
    }
  });
  return matrix;
}

PackedMatrix PackedMatrix::from_in_out(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                       ThreadPool& pool, Place place) {
  return pack(weights, N, 1, K, N, bias, type, pool, std::move(place));
}

PackedMatrix PackedMatrix::from_out_in(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                       ThreadPool& pool, Place place) {
  return pack(weights, 1, K, K, N, bias, type, pool, std::move(place));
}

PackedMatrix PackedMatrix::from_bytes(size_t K, size_t N, WeightType type, std::span<const std::byte> bytes,
                                      std::shared_ptr<const void> owner) {
  VITRINE_REQUIRE(K >= 1 && N >= 1, "[PackedMatrix] expected K, N >= 1, got ", K, ", ", N);
  VITRINE_REQUIRE(type != WeightType::int8 || K <= kMaxInt8Inputs, "[PackedMatrix] int8: expected K <= ", kMaxInt8Inputs, ", got ", K);
  VITRINE_REQUIRE(bytes.size() == packed_size_bytes(K, N, type), "[PackedMatrix] bytes: expected ", packed_size_bytes(K, N, type), ", got ",
                  bytes.size());
  VITRINE_REQUIRE(reinterpret_cast<uintptr_t>(bytes.data()) % 64 == 0, "[PackedMatrix] bytes: expected an address that is a multiple of 64");
  PackedMatrix matrix(K, N, type);
  matrix.bytes_ = bytes;
  matrix.owner_ = std::move(owner);
  return matrix;
}

float PackedMatrix::weight(size_t k, size_t n) const {
  const auto* panel = reinterpret_cast<const uint8_t*>(bytes_.data()) + n / kPanelColumns * panel_bytes(K_, type_);
  const size_t column = n % kPanelColumns;
  switch (type_) {
    case WeightType::float32: return reinterpret_cast<const float*>(panel)[k * kPanelColumns + column];
    case WeightType::bfloat16: return from_bf16(reinterpret_cast<const uint16_t*>(panel)[(k / 2 * kPanelColumns + column) * 2 + k % 2]);
    case WeightType::int8: {
      const auto q = static_cast<int8_t>(panel[(k / 4 * kPanelColumns + column) * 4 + k % 4]);
      return static_cast<float>(q) * column_scales()[n];
    }
    case WeightType::int4: {
      const uint8_t* group = panel + k / kGroup * kInt4GroupBytes;
      const uint8_t byte = group[2 * kPanelColumns + column / 16 * 256 + column % 16 * 4 + k % kGroup / 8 * 64 + k % 4];
      return static_cast<float>(kCodes[k % 8 < 4 ? byte & 15 : byte >> 4]) * from_bf16(reinterpret_cast<const uint16_t*>(group)[column]);
    }
  }
  return 0;
}

}  // namespace vitrine::kernels
