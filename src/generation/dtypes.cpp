#include "generation/dtypes.h"

#include <utility>

#include "base/error.h"
#include "kernels/isa.h"

namespace vitrine::generation {
namespace {

using kernels::WeightType;

constexpr std::pair<std::string_view, WeightType> kWeightTypes[] = {
    {"float32", WeightType::float32},
    {"bfloat16", WeightType::bfloat16},
    {"int8", WeightType::int8},
    {"int4", WeightType::int4}};
constexpr std::pair<std::string_view, KvType> kKvTypes[] = {
    {"float32", KvType::float32}, {"bfloat16", KvType::bfloat16}, {"int8", KvType::int8}};

template <typename Type, size_t N>
std::vector<std::string> names_of(const std::pair<std::string_view, Type> (&types)[N]) {
  std::vector<std::string> names;
  for (const auto& [name, type] : types) names.emplace_back(name);
  return names;
}

template <typename Type, size_t N>
Type type_named(const std::pair<std::string_view, Type> (&types)[N], const std::string& wanted,
                std::string_view where, std::string_view field) {
  std::string names;
  for (const auto& [name, type] : types) {
    if (name == wanted) return type;
    names += concat(names.empty() ? "" : ", ", name);
  }
  throw InvalidInput(
      concat("[", where, "] ", field, ": expected one of ", names, "; got '", wanted, "'"));
}

}  // namespace

std::vector<std::string> weight_dtypes() { return names_of(kWeightTypes); }
std::vector<std::string> kv_dtypes() { return names_of(kKvTypes); }

std::string instruction_set() { return kernels::kernel_table().name; }

WeightType weight_type(const std::string& dtype, std::string_view where) {
  return type_named(kWeightTypes, dtype, where, "dtype");
}

KvType default_kv_type(WeightType type, size_t head_size) {
  if (type == WeightType::float32) return KvType::float32;
  const bool int8 = type != WeightType::bfloat16 && head_size <= kernels::kMaxInt8HeadSize;
  return int8 ? KvType::int8 : KvType::bfloat16;
}

KvType kv_type(const std::string& kv_dtype, WeightType type, size_t head_size,
               std::string_view where) {
  if (kv_dtype.empty()) return default_kv_type(type, head_size);
  return type_named(kKvTypes, kv_dtype, where, "kv_dtype");
}

}  // namespace vitrine::generation
