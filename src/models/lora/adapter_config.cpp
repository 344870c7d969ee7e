#include "models/lora/adapter_config.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

/// A pattern without the signs that mean start and end; dots may be escaped.
std::string plain_pattern(std::string_view pattern, std::string_view where) {
  std::string plain;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool is_anchor = (i == 0 && pattern[i] == '^') || (i + 1 == pattern.size() && pattern[i] == '$');
    if (is_anchor || (pattern[i] == '\\' && i + 1 < pattern.size() && pattern[i + 1] == '.')) continue;
    VITRINE_REQUIRE(std::isalnum(static_cast<unsigned char>(pattern[i])) != 0 || pattern[i] == '_' || pattern[i] == '.', "[adapter_config] ",
                    where, ": alpha_pattern: '", pattern, "' is a regular expression, only names of modules are supported");
    plain += pattern[i];
  }
  return plain;
}

bool is_end_of(std::string_view module, std::string_view pattern) {
  if (!module.ends_with(pattern)) return false;
  return module.size() == pattern.size() || module[module.size() - pattern.size() - 1] == '.';
}

void refuse(const Json& json, const char* name, const char* what, std::string_view where) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null() || *found == Json(false) || *found == Json("none") || found->empty()) return;
  throw InvalidInput(concat("[adapter_config] ", where, ": LORA_KIND: ", what, " (", name, ")"));
}

/// The value that most have; of equals the least.
template <typename T>
T most_common(const std::vector<T>& values) {
  std::map<T, size_t> counts;
  for (const T& value : values) ++counts[value];
  return std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

/// An integer where the number is one, as PEFT writes it.
Json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

}  // namespace

AdapterConfig::AdapterConfig(const Json& json, std::string_view where) {
  const ConfigFields fields(json, "adapter_config", where);
  std::string peft_type = "LORA";
  fields.take("peft_type", peft_type);
  VITRINE_REQUIRE(peft_type == "LORA", "[adapter_config] ", where, ": LORA_KIND: peft_type: expected LORA, got '", peft_type, "'");
  refuse(json, "use_dora", "DoRA", where);
  refuse(json, "lora_bias", "biases", where);
  refuse(json, "bias", "biases", where);
  refuse(json, "modules_to_save", "whole modules", where);
  fields.take("lora_alpha", lora_alpha_);
  fields.take("use_rslora", use_rslora_);
  if (!fields.has("alpha_pattern")) return;
  VITRINE_REQUIRE(json["alpha_pattern"].is_object(), "[adapter_config] ", where, ": alpha_pattern: expected an object");
  for (const auto& [pattern, alpha] : json["alpha_pattern"].items()) {
    VITRINE_REQUIRE(alpha.is_number(), "[adapter_config] ", where, ": alpha_pattern: ", pattern, ": expected a number, got ", alpha.dump());
    alpha_pattern_.emplace_back(plain_pattern(pattern, where), alpha.get<double>());
  }
}

double AdapterConfig::alpha(std::string_view module, int64_t rank) const {
  const auto found = std::find_if(alpha_pattern_.begin(), alpha_pattern_.end(), [&](const auto& entry) { return is_end_of(module, entry.first); });
  const double alpha = found == alpha_pattern_.end() ? lora_alpha_ : found->second;
  return use_rslora_ ? alpha * std::sqrt(static_cast<double>(rank)) : alpha;
}

Json adapter_config(const std::vector<LoraPair>& pairs) {
  std::vector<int64_t> ranks;
  std::vector<double> alphas;
  std::vector<std::string> modules;
  for (const LoraPair& pair : pairs) {
    ranks.push_back(pair.rank());
    alphas.push_back(pair.alpha);
    modules.push_back(pair.target.module);
  }
  const int64_t rank = most_common(ranks);
  const double alpha = most_common(alphas);
  Json rank_pattern = Json::object(), alpha_pattern = Json::object();
  for (const LoraPair& pair : pairs) {
    if (pair.rank() != rank) rank_pattern[pair.target.module] = pair.rank();
    if (pair.alpha != alpha) alpha_pattern[pair.target.module] = number(pair.alpha);
  }
  std::sort(modules.begin(), modules.end());
  return {{"peft_type", "LORA"}, {"r", rank}, {"lora_alpha", number(alpha)}, {"rank_pattern", rank_pattern}, {"alpha_pattern", alpha_pattern},
          {"target_modules", modules}, {"use_rslora", false}, {"use_dora", false}, {"lora_bias", false}, {"bias", "none"},
          {"lora_dropout", 0.0}, {"inference_mode", true}};
}

}  // namespace vitrine::models
