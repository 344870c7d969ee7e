// data/html_text.h - markup in shop texts that could run: taken out before a record is made.
#pragma once
#include <string>

namespace vitrine::data {

/// Removes script elements and event attributes (onclick="…") from the tags of `text`, in place; other markup stays. A
/// script that is never closed goes to the end of the text. Returns what was removed, joined by spaces; empty = nothing.
std::string remove_unsafe_html(std::string& text);

}  // namespace vitrine::data
