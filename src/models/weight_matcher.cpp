#include "models/weight_matcher.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "base/log.h"

namespace vitrine::models {
namespace {

constexpr size_t kMaxListed = 50;

bool same(const io::TensorView& a, const io::TensorView& b) {
  return a.dtype == b.dtype && a.shape == b.shape &&
         std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

bool is_padded(const io::TensorView& tensor, const WeightSpec& spec) {
  return tensor.shape.size() == 2 && tensor.shape[1] == spec.shape[1] &&
         is_padded_vocabulary(tensor.shape[0], spec.shape[0]);
}

}  // namespace

WeightMatcher::WeightMatcher(std::shared_ptr<const io::Checkpoint> checkpoint,
                             const OwnName& own_name)
    : checkpoint_(std::move(checkpoint)) {
  for (const io::TensorView& tensor : checkpoint_->tensors()) {
    if (const auto name = own_name(tensor.name)) add(*name, tensor);
  }
}

WeightMatcher::WeightMatcher(std::shared_ptr<const io::Checkpoint> checkpoint, std::vector<NamedView> parts)
    : checkpoint_(std::move(checkpoint)), parts_(std::make_shared<const std::vector<NamedView>>(std::move(parts))) {
  for (const NamedView& part : *parts_) add(part.name, part.view);
}

void WeightMatcher::add(const std::string& name, const io::TensorView& tensor) {
  const auto [found, is_new] = present_.try_emplace(name, &tensor);
  if (is_new) return;
  problem(concat(name, ": stored twice, as ", found->second->name, " and ", tensor.name));
}

void WeightMatcher::match(const WeightSpec& spec) { match(spec, false); }
void WeightMatcher::match_vocabulary(const WeightSpec& spec) { match(spec, true); }

void WeightMatcher::match(const WeightSpec& spec, bool may_be_padded) {
  const auto found = present_.find(spec.name);
  if (found == present_.end()) {
    return problem(concat(spec.name, ": missing, expected ", io::shape_text(spec.shape)));
  }
  const io::TensorView& tensor = *found->second;
  present_.erase(found);
  if (tensor.shape != spec.shape) {
    if (!may_be_padded || !is_padded(tensor, spec)) {
      return problem(concat(spec.name, ": expected ", io::shape_text(spec.shape), ", file has ",
                            io::shape_text(tensor.shape)));
    }
    log_warn(spec.name, ": ", tensor.shape[0], " rows for ", spec.shape[0],
             " tokens; the rest is taken as padding");
  }
  matched_[spec.name] = &tensor;
  in_order_.push_back(&tensor);
}

void WeightMatcher::match_copy(const std::string& copy, const std::string& original,
                               std::string_view why) {
  const auto stored = present_.find(copy);
  if (stored == present_.end()) return;
  const auto found = matched_.find(original);
  if (found != matched_.end() && !same(*stored->second, *found->second)) {
    problem(concat(copy, ": differs from ", original, ", but ", why));
  }
  present_.erase(stored);
}

void WeightMatcher::list_unexpected() {
  std::vector<std::string> unexpected;
  for (const auto& [name, tensor] : present_) {
    unexpected.push_back(concat(name, ": unexpected, ", io::shape_text(tensor->shape)));
  }
  std::sort(unexpected.begin(), unexpected.end());
  for (std::string& line : unexpected) problem(std::move(line));
}

std::string WeightMatcher::problems_text() const {
  std::string text;
  for (size_t i = 0; i < std::min(problems_.size(), kMaxListed); ++i) {
    text += (i == 0 ? ": " : "; ") + problems_[i];
  }
  if (problems_.size() > kMaxListed) {
    text += concat("; and ", problems_.size() - kMaxListed, " more");
  }
  return text;
}

void WeightMatcher::require_finite() const {
  for (const io::TensorView* tensor : in_order_) {
    io::require_finite(*tensor, checkpoint_->file_of(tensor->name));
    release_pages(tensor->bytes);  // what is used comes back
  }
}

Weights WeightMatcher::finish(std::string_view caller, const std::filesystem::path& model_dir,
                              bool known_finite) {
  list_unexpected();
  VITRINE_REQUIRE(problems_.empty(), "[", caller, "] ", model_dir.string(), ": ", problems_.size(),
                  " tensors do not fit config.json", problems_text());
  if (!known_finite) require_finite();
  return Weights(checkpoint_, std::move(matched_), parts_);
}

}  // namespace vitrine::models
