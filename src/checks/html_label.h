// checks/html_label.h - labels in a whole HTML page: <meta name="AIGC"> in its head, a notice in
// its body.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/implicit_label.h"
#include "checks/text_label.h"

namespace vitrine::checks {

/// A <meta name="AIGC"> element: its bytes in the page, half-open, and its content with entities
/// resolved.
struct AigcMeta {
  size_t begin, end;
  std::string content;
};

/// What the label rules ask about a page. Comments, scripts, styles and attribute values are no
/// text.
struct HtmlPage {
  std::vector<AigcMeta> metas;     // in order
  std::string text;                // what stands between tags, entities as they are
  std::optional<size_t> head;      // behind <head …>
  std::optional<size_t> body;      // behind <body …>
  std::optional<size_t> body_end;  // before </body>
};
/// Reads any bytes; a page is whole when it has head, body and the body's end. Hidden text (CSS)
/// counts as text.
HtmlPage read_html_page(std::string_view page);

/// The page with `<p>wording</p>` at the start or end of its body and no metadata. REQUIRES: a
/// whole page.
std::string with_html_notice(std::string_view page, const HtmlPage& read,
                             const ExplicitLabel& label);
/// The page with `<meta name="AIGC" content="…">` as first thing in its head, or in the place of
/// the one it has. REQUIRES: a whole page with at most one such element.
std::string with_html_meta(std::string_view page, const HtmlPage& read, const ImplicitLabel& label);

/// The page's bytes before and behind its first AIGC element: what the integrity value is computed
/// from. They are parts of `page`.
std::vector<std::string_view> html_content_parts(std::string_view page, const HtmlPage& read);

}  // namespace vitrine::checks
