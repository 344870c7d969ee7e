// models/weight_matcher.h - compares a checkpoint with the tensors a model needs, and lists all
// that is wrong at once.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/weights.h"

namespace vitrine::models {

/// Call order: construct, (match*)*, finish.
class WeightMatcher {
 public:
  /// The name of the specs for a name in the file; nothing = a buffer that is ignored.
  using OwnName = std::function<std::optional<std::string>(const std::string& stored)>;

  WeightMatcher(std::shared_ptr<const io::Checkpoint> checkpoint, const OwnName& own_name);
  /// Where a stored tensor holds several of the model's, or the model is a part of the file:
  /// `parts` are the tensors to match, by the names of the specs.
  WeightMatcher(std::shared_ptr<const io::Checkpoint> checkpoint, std::vector<NamedView> parts);

  /// Whether the checkpoint holds a tensor that has not been matched yet.
  bool has(const std::string& name) const { return present_.contains(name); }
  void match(const WeightSpec& spec);
  /// The rows of shape[0] tokens may be followed by padding (is_padded_vocabulary), with a warning.
  void match_vocabulary(const WeightSpec& spec);
  /// `copy` may be stored beside `original`, already matched; then it must be equal to it.
  void match_copy(const std::string& copy, const std::string& original, std::string_view why);

  /// The tensors matched. `caller` is the function named in messages. known_finite: the values have
  /// been checked before and are not read.
  /// Throws InvalidInput listing all missing, unexpected and misshapen tensors (the first 50);
  /// Corrupt (WGT_NONFINITE) for a value that is not finite.
  Weights finish(std::string_view caller, const std::filesystem::path& model_dir,
                 bool known_finite = false);

 private:
  void add(const std::string& name, const io::TensorView& tensor);
  void match(const WeightSpec& spec, bool may_be_padded);
  void problem(std::string text) { problems_.push_back(std::move(text)); }
  void require_finite() const;
  void list_unexpected();
  std::string problems_text() const;

  std::shared_ptr<const io::Checkpoint> checkpoint_;
  std::shared_ptr<const std::vector<NamedView>> parts_;
  std::unordered_map<std::string, const io::TensorView*> present_;  // not matched yet
  std::unordered_map<std::string, const io::TensorView*> matched_;
  std::vector<const io::TensorView*> in_order_;  // as they were matched
  std::vector<std::string> problems_;
};

}  // namespace vitrine::models
