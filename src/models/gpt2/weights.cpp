#include "models/gpt2/weights.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kPrefix = "transformer.";
constexpr size_t kMaxListed = 50;

bool is_head(std::string_view name) { return name.starts_with("lm_head.") || name.starts_with("score."); }

std::string without_prefix(const std::string& name) { return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name; }

/// h.N.attn.bias (the causal mask) and h.N.attn.masked_bias: constants that old versions stored.
bool is_ignored_buffer(std::string_view name) {
  return name.starts_with("h.") && (name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias"));
}

bool is_vocabulary_matrix(std::string_view name) { return name == "wte.weight" || name == "lm_head.weight"; }

void add_layer(std::vector<WeightSpec>& specs, const Gpt2Config& config, int64_t layer_idx) {
  const std::string h = concat("h.", layer_idx, ".");
  const int64_t C = config.n_embd;
  const int64_t inner = config.mlp_width();
  specs.insert(specs.end(), {{h + "ln_1.weight", {C}},
                             {h + "ln_1.bias", {C}},
                             {h + "attn.c_attn.weight", {C, 3 * C}},
                             {h + "attn.c_attn.bias", {3 * C}},
                             {h + "attn.c_proj.weight", {C, C}},
                             {h + "attn.c_proj.bias", {C}},
                             {h + "ln_2.weight", {C}},
                             {h + "ln_2.bias", {C}},
                             {h + "mlp.c_fc.weight", {C, inner}},
                             {h + "mlp.c_fc.bias", {inner}},
                             {h + "mlp.c_proj.weight", {inner, C}},
                             {h + "mlp.c_proj.bias", {C}}});
}

/// Compares a checkpoint with the tensors expected and keeps all that is wrong.
class Matcher {
 public:
  Matcher(const io::Checkpoint& checkpoint, const Gpt2Config& config) : config_(config) {
    for (const io::TensorView& tensor : checkpoint.tensors()) add(tensor);
  }

  void match(const WeightSpec& spec) {
    const auto found = present_.find(spec.name);
    if (found == present_.end()) return problem(concat(spec.name, ": missing, expected ", io::shape_text(spec.shape)));
    const io::TensorView& tensor = *found->second;
    present_.erase(found);
    if (!shape_fits(tensor, spec)) {
      return problem(concat(spec.name, ": expected ", io::shape_text(spec.shape), ", file has ", io::shape_text(tensor.shape)));
    }
    matched_[spec.name] = &tensor;
  }

  /// A tied model may store its head; then it must be the embedding itself.
  void match_tied_head() {
    const auto head = present_.find("lm_head.weight");
    if (!config_.tie_word_embeddings || head == present_.end()) return;
    const auto wte = matched_.find("wte.weight");
    if (wte != matched_.end() && !same(*head->second, *wte->second)) {
      problem("lm_head.weight: differs from wte.weight, but tie_word_embeddings is true");
    }
    present_.erase(head);
  }

  void require_no_problems(const std::filesystem::path& model_dir) {
    std::vector<std::string> unexpected;
    for (const auto& [name, tensor] : present_) unexpected.push_back(concat(name, ": unexpected, ", io::shape_text(tensor->shape)));
    std::sort(unexpected.begin(), unexpected.end());
    for (std::string& line : unexpected) problem(std::move(line));
    if (problems_.empty()) return;
    std::string message = concat("[load_gpt2_weights] ", model_dir.string(), ": ", problems_.size(), " tensors do not fit config.json");
    for (size_t i = 0; i < std::min(problems_.size(), kMaxListed); ++i) message += (i == 0 ? ": " : "; ") + problems_[i];
    if (problems_.size() > kMaxListed) message += concat("; and ", problems_.size() - kMaxListed, " more");
    throw InvalidInput(message);
  }

  std::unordered_map<std::string, const io::TensorView*> take() { return std::move(matched_); }

 private:
  void problem(std::string text) { problems_.push_back(std::move(text)); }

  void add(const io::TensorView& tensor) {
    const std::string name = without_prefix(tensor.name);
    if (is_ignored_buffer(name)) return;
    if (!present_.try_emplace(name, &tensor).second) problem(concat(name, ": stored with and without the prefix ", kPrefix));
  }

  bool shape_fits(const io::TensorView& tensor, const WeightSpec& spec) const {
    if (tensor.shape == spec.shape) return true;
    if (!is_vocabulary_matrix(spec.name) || tensor.shape.size() != 2 || tensor.shape[1] != spec.shape[1]) return false;
    if (!is_padded_vocabulary(tensor.shape[0], config_.vocab_size)) return false;
    log_warn(spec.name, ": ", tensor.shape[0], " rows for ", config_.vocab_size, " tokens; the rest is taken as padding");
    return true;
  }

  static bool same(const io::TensorView& a, const io::TensorView& b) {
    return a.dtype == b.dtype && a.shape == b.shape && std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
  }

  const Gpt2Config& config_;
  std::unordered_map<std::string, const io::TensorView*> present_;  // not matched yet
  std::unordered_map<std::string, const io::TensorView*> matched_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<WeightSpec> gpt2_weight_specs(const Gpt2Config& config) {
  const int64_t C = config.n_embd;
  std::vector<WeightSpec> specs{{"wte.weight", {config.vocab_size, C}}, {"wpe.weight", {config.n_positions, C}}};
  for (int64_t layer_idx = 0; layer_idx < config.n_layer; ++layer_idx) add_layer(specs, config, layer_idx);
  specs.push_back({"ln_f.weight", {C}});
  specs.push_back({"ln_f.bias", {C}});
  if (!config.tie_word_embeddings) specs.push_back({"lm_head.weight", {config.vocab_size, C}});
  return specs;
}

std::string gpt2_checkpoint_name(std::string_view name) { return is_head(name) ? std::string(name) : concat(kPrefix, name); }

bool is_padded_vocabulary(int64_t rows, int64_t vocab_size) {
  return rows == vocab_size || (rows > vocab_size && rows % 8 == 0 && rows - vocab_size < 128);
}

Gpt2Weights::Gpt2Weights(std::shared_ptr<const io::Checkpoint> checkpoint,
                         std::unordered_map<std::string, const io::TensorView*> tensors)
    : checkpoint_(std::move(checkpoint)), tensors_(std::move(tensors)) {}

const io::TensorView& Gpt2Weights::view(std::string_view name) const {
  const auto found = tensors_.find(std::string(name));
  if (found == tensors_.end()) throw NotFound(concat("[Gpt2Weights] no tensor ", name));
  return *found->second;
}

std::vector<float> Gpt2Weights::float32(std::string_view name) const { return io::to_float32(view(name)); }

void Gpt2Weights::copy_row(const io::TensorView& matrix, size_t row_idx, std::span<float> values) {
  const size_t row_bytes = values.size() * io::size_of(matrix.dtype);
  VITRINE_REQUIRE((row_idx + 1) * row_bytes <= matrix.bytes.size(), "[copy_row] ", matrix.name, ": no row ", row_idx, " of ", values.size(),
                  " values in ", io::shape_text(matrix.shape));
  io::to_float32(matrix.dtype, matrix.bytes.subspan(row_idx * row_bytes, row_bytes), values);
}

Gpt2Weights load_gpt2_weights(const std::filesystem::path& model_dir, const Gpt2Config& config, std::span<const WeightSpec> extra) {
  auto checkpoint = std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir));
  std::vector<WeightSpec> specs = gpt2_weight_specs(config);
  specs.insert(specs.end(), extra.begin(), extra.end());
  Matcher matcher(*checkpoint, config);
  for (const WeightSpec& spec : specs) matcher.match(spec);
  matcher.match_tied_head();
  matcher.require_no_problems(model_dir);
  Gpt2Weights weights(checkpoint, matcher.take());
  for (const WeightSpec& spec : specs) {
    const io::TensorView& tensor = weights.view(spec.name);
    io::require_finite(tensor, checkpoint->file_of(tensor.name));
  }
  return weights;
}

}  // namespace vitrine::models
