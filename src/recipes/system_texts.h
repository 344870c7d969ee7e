// recipes/system_texts.h - the texts of several systems for the products of one set, side by side.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"

namespace vitrine::recipes {

struct SystemTexts {
  std::string name;
  std::vector<std::string> texts;  // [products]; empty = the system has none
};

struct ComparedSystems {
  std::vector<data::Product> products;
  std::string set_sha256;
  std::vector<SystemTexts> systems;  // in the order of the arguments; human first
  int64_t rows_rejected = 0;         // of the set, by the import

  /// Products for which both systems have a text.
  std::vector<size_t> with_both(size_t system_a, size_t system_b) const;
};

/// set: anything `import` reads. outputs: NAME=FILE or FILE, as `evaluate copy` takes them, one
/// file a system. human: the set's own copy as system "human". `verb` stands in messages. Throws
/// UsageError for fewer than two systems, a second file of a name; what read_outputs throws.
ComparedSystems read_compared_systems(std::string_view verb, const std::string& set,
                                      const std::vector<std::string>& outputs, bool human);

/// A comparison over fewer than 200 products decides little: warns, naming `what` is compared.
void warn_of_few(std::string_view verb, std::string_view what, size_t products);

/// The files that read_compared_systems will open.
std::vector<std::string> files_of(const std::string& set, const std::vector<std::string>& outputs);

}  // namespace vitrine::recipes
