// data/structured_text.h - texts of Merchant Center that say how they came about, as one cell of a table holds them: SOURCE:"CONTENT".
//
// Colons and commas part sub-attributes and values, so that the content stands in quotes, and a quote inside them twice. A content
// that needs no quotes may stand bare, and without its source. Source: Google's help pages 6324415 (the two parts) and 14998273
// (quoted attributes: a quotation mark of the content is paired with a second one).
#pragma once
#include <string>
#include <string_view>

namespace vitrine::data {

/// What a text that a model wrote names as its source.
inline constexpr std::string_view kModelSource = "trained_algorithmic_media";

struct StructuredText {
  std::string source;  // default | trained_algorithmic_media; empty = the cell names none
  std::string content;
};

/// Any cell: what is in no such form is its content.
StructuredText read_structured_text(std::string_view cell);

/// The cell for a content that a model wrote; read_structured_text gives it back.
std::string structured_text(std::string_view content);

}  // namespace vitrine::data
