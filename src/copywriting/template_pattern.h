// copywriting/template_pattern.h - a sentence with slots: "这条{前饰}{主体}[，{其余}]。".
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::copywriting {

/// Text, {slots} and [optional parts]. Immutable once parsed.
class TemplatePattern {
 public:
  /// Throws Corrupt, `where` in front, for an open or empty brace, or brackets that do not match or nest.
  static TemplatePattern parse(std::string_view text, std::string_view where);

  /// Fills the slots; `value_of` gives "" for a slot that has nothing to say. An optional part with an empty slot is
  /// left out; nothing comes back when a slot outside of them is empty, but for those in `may_be_empty`.
  using ValueOf = std::function<std::string(const std::string& slot)>;
  std::optional<std::string> render(const ValueOf& value_of, const std::vector<std::string>& may_be_empty = {}) const;

  /// All slots in order; the ones outside optional parts; the fixed text without them.
  const std::vector<std::string>& slots() const { return slots_; }
  const std::vector<std::string>& required() const { return required_; }
  std::string fixed_text() const;

 private:
  struct Part {
    std::string text;     // when it is no slot
    std::string slot;     // "" = fixed text
    int optional_idx = -1;  // which optional part it belongs to, -1 = none
  };
  void add_text(std::string_view text, int optional_idx);
  void add_slot(std::string_view slot, int optional_idx);

  std::vector<Part> parts_;
  std::vector<std::string> slots_, required_;
};

}  // namespace vitrine::copywriting
