#include "checks/html_label.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/svg_chart.h"

namespace vitrine::checks {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f/";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return c < 128 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return result;
}

struct Tag {
  size_t begin, end;  // "<" to behind ">"
  std::string name;   // lower case, "/" before that of an end tag
  std::string_view attributes;
};

/// The place behind the ">" that ends a tag; quoted attribute values may hold ">".
size_t tag_end(std::string_view page, size_t begin) {
  char quote = 0;
  for (size_t i = begin; i < page.size(); ++i) {
    if (quote != 0) {
      if (page[i] == quote) quote = 0;
    } else if (page[i] == '"' || page[i] == '\'') {
      quote = page[i];
    } else if (page[i] == '>') {
      return i + 1;
    }
  }
  return page.size();
}

/// The tag at `begin`, or nothing when "<" is a mere character there.
std::optional<Tag> read_tag(std::string_view page, size_t begin) {
  size_t at = begin + 1;
  if (at < page.size() && page[at] == '/') ++at;
  if (at == page.size() || std::isalpha(static_cast<unsigned char>(page[at])) == 0)
    return std::nullopt;
  size_t name_end = at;
  while (name_end < page.size() && std::isalnum(static_cast<unsigned char>(page[name_end])) != 0)
    ++name_end;
  const size_t end = tag_end(page, name_end);
  return Tag{begin, end, lower(page.substr(begin + 1, name_end - begin - 1)),
             page.substr(name_end, end - name_end)};
}

std::string unescaped(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&quot;", '"'}, {"&#34;", '"'}, {"&#x22;", '"'}, {"&amp;", '&'},
      {"&lt;", '<'},   {"&gt;", '>'},  {"&#39;", '\''}};
  std::string result;
  while (!text.empty()) {
    const auto entity = std::find_if(std::begin(kEntities), std::end(kEntities),
                                     [&](const auto& e) { return text.starts_with(e.first); });
    result += entity == std::end(kEntities) ? text.front() : entity->second;
    text.remove_prefix(entity == std::end(kEntities) ? 1 : entity->first.size());
  }
  return result;
}

/// The value of an attribute, entities resolved; nothing when the tag lacks it.
std::optional<std::string> attribute(std::string_view text, std::string_view wanted) {
  size_t at = 0;
  while ((at = text.find_first_not_of(kSpace, at)) != text.npos && text[at] != '>') {
    const size_t name_end = std::min(text.find_first_of("= \t\r\n\f>", at), text.size());
    const std::string name = lower(text.substr(at, name_end - at));
    at = text.find_first_not_of(" \t\r\n\f", name_end);
    if (at == text.npos || text[at] != '=') {
      at = std::max(at == text.npos ? text.size() : at, name_end);
      if (at == name_end) ++at;
      continue;
    }
    at = text.find_first_not_of(" \t\r\n\f", at + 1);
    if (at == text.npos) break;
    const bool quoted = text[at] == '"' || text[at] == '\'';
    const size_t begin = quoted ? at + 1 : at;
    const size_t end = std::min(
        quoted ? text.find(text[at], begin) : text.find_first_of(" \t\r\n\f>", begin), text.size());
    if (name == wanted) return unescaped(text.substr(begin, end - begin));
    at = quoted ? end + 1 : end;
    if (at >= text.size()) break;
  }
  return std::nullopt;
}

/// Where the text of a script, style, title or textarea ends: before its end tag.
size_t raw_end(std::string_view page, size_t begin, const std::string& name) {
  const std::string end_tag = "</" + name;
  for (size_t at = begin; (at = page.find("</", at)) != page.npos; ++at) {
    if (lower(page.substr(at, end_tag.size())) == end_tag) return at;
  }
  return page.size();
}

bool is_raw(const std::string& name) {
  return name == "script" || name == "style" || name == "title" || name == "textarea" ||
         name == "template" || name == "noscript";
}

void take_tag(const Tag& tag, HtmlPage& read) {
  if (tag.name == "head" && !read.head) read.head = tag.end;
  if (tag.name == "body" && !read.body) read.body = tag.end;
  if (tag.name == "/body") read.body_end = tag.begin;
  if (tag.name != "meta" || lower(attribute(tag.attributes, "name").value_or("")) != "aigc") return;
  read.metas.push_back({tag.begin, tag.end, attribute(tag.attributes, "content").value_or("")});
}

void require_whole(std::string_view function, const HtmlPage& read) {
  VITRINE_REQUIRE(read.head && read.body && read.body_end && *read.body <= *read.body_end, "[",
                  function, "] expected a whole page with head and body");
}

}  // namespace

HtmlPage read_html_page(std::string_view page) {
  HtmlPage read;
  for (size_t at = 0; at < page.size();) {
    const size_t open = std::min(page.find('<', at), page.size());
    read.text += page.substr(at, open - at);
    at = open;
    if (open == page.size()) break;
    if (page.substr(open).starts_with("<!--")) {
      const size_t close = page.find("-->", open + 4);
      at = close == page.npos ? page.size() : close + 3;
      continue;
    }
    if (page.substr(open).starts_with("<!") ||
        page.substr(open).starts_with("<?")) {  // doctype, processing instruction
      at = tag_end(page, open + 2);
      continue;
    }
    const auto tag = read_tag(page, open);
    if (!tag) {
      read.text += '<';
      ++at;
      continue;
    }
    take_tag(*tag, read);
    at = is_raw(tag->name) ? raw_end(page, tag->end, tag->name) : tag->end;
  }
  return read;
}

std::string with_html_notice(std::string_view page, const HtmlPage& read,
                             const ExplicitLabel& label) {
  require_whole("with_html_notice", read);
  const size_t place = label.place == LabelPlace::end ? *read.body_end : *read.body;
  return concat(page.substr(0, place), "<p>", escape_html(label.wording), "</p>\n",
                page.substr(place));
}

std::string with_html_meta(std::string_view page, const HtmlPage& read,
                           const ImplicitLabel& label) {
  require_whole("with_html_meta", read);
  VITRINE_REQUIRE(read.metas.size() <= 1,
                  "[with_html_meta] expected at most one AIGC element, the page has ",
                  read.metas.size());
  const size_t begin = read.metas.empty() ? *read.head : read.metas.front().begin;
  const size_t end = read.metas.empty() ? *read.head : read.metas.front().end;
  return concat(page.substr(0, begin), "<meta name=\"AIGC\" content=\"",
                escape_html(annex_e_text(label)), "\">", page.substr(end));
}

std::vector<std::string_view> html_content_parts(std::string_view page, const HtmlPage& read) {
  if (read.metas.empty()) return {page};
  return {page.substr(0, read.metas.front().begin), page.substr(read.metas.front().end)};
}

}  // namespace vitrine::checks
