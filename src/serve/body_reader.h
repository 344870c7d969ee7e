// serve/body_reader.h - the body of a request as C++ values: each field is asked for by name and
// type, and every fault is kept with its place.
//
//   BodyReader body(json);
//   body.require({"name"});
//   const std::string name = body.text("name", {.max = 100});
//   body.finish();  // throws when anything was wrong, also a field that nobody asked for
#pragma once
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "serve/problem.h"
#include "store/value.h"

namespace vitrine::serve {

/// Where white space and zero-width characters may stand: anywhere; not as the whole text; nor at its ends.
enum class Blanks { anywhere, not_alone, not_at_ends };

/// Code points of a text.
struct TextLimits {
  size_t min = 0, max = std::numeric_limits<size_t>::max();
  Blanks blanks = Blanks::anywhere;
};
struct ListLimits {
  size_t min = 0, max = 10000;
  bool unique = false;
  TextLimits item = {};
};

/// Call order: require, (any getter)*, finish. A getter of a field that is absent or wrong gives an
/// empty value; wrong ones are thrown by finish.
class BodyReader {
 public:
  /// Throws Refusal (bad_request) when the body is no object.
  explicit BodyReader(const Json& body);

  /// Fields that must be there.
  void require(std::initializer_list<std::string_view> names);
  bool has(std::string_view name) const { return object_->contains(name); }

  std::string text(std::string_view name, TextLimits limits = {});
  int64_t integer(std::string_view name, int64_t min, int64_t max);
  double number(std::string_view name, double min, double max);
  bool flag(std::string_view name, bool absent = false);
  std::vector<std::string> texts(std::string_view name, ListLimits limits = {});
  store::UtcMillis time(std::string_view name);
  /// One of `words`; `absent` when it is not there.
  std::string word(std::string_view name, std::initializer_list<std::string_view> words,
                   std::string_view absent = "");
  /// The value of a word of the store's enums; `absent` when it is not there.
  template <typename Enum>
  Enum word_of(std::string_view name, Enum absent = {}) {
    const size_t index = index_of_word(name, store::EnumWords<Enum>::words);
    return index == kNoWord ? absent : static_cast<Enum>(index);
  }
  /// Index of the field's word; kNoWord when it is absent or another.
  template <size_t N>
  size_t index_of_word(std::string_view name, const std::string_view (&words)[N]) {
    return index_of_word(name, words, N);
  }
  static constexpr size_t kNoWord = std::numeric_limits<size_t>::max();

  /// A reader of an object inside, which has to be finished too. An absent one reads as an empty
  /// object.
  BodyReader object(std::string_view name);
  std::vector<BodyReader> objects(std::string_view name, ListLimits limits = {});
  /// The field as it is, known from now on; null when it is absent.
  const Json& raw(std::string_view name);

  /// Notes a fault of a field that only the caller can see.
  void fault(std::string_view name, std::string detail);
  /// Throws Refusal: unknown_field, else bad_request, else blank_text, with all faults. An inner reader only notes
  /// its unknown fields: it is finished before the outer one.
  void finish();

 private:
  struct Faults {
    std::vector<FieldFault> unknown, wrong, blank;
  };
  BodyReader(const Json& object, std::string pointer, std::shared_ptr<Faults> faults);
  const Json* find(std::string_view name);
  size_t index_of_word(std::string_view name, const std::string_view* words, size_t count);
  bool is_good_text(const Json& value, std::string_view name, TextLimits limits);
  void note_blanks(const std::string& text, std::string_view name, Blanks blanks);
  void note_unknown();

  const Json* object_;
  std::string pointer_;
  std::shared_ptr<Faults> faults_;
  std::set<std::string, std::less<>> known_;
};

/// A request body as JSON, of at most a few levels. Throws Refusal (bad_json).
Json parse_body(std::string_view body);

}  // namespace vitrine::serve
