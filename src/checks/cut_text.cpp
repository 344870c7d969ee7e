#include "checks/cut_text.h"

#include <algorithm>

#include "base/error.h"
#include "checks/lexicon.h"
#include "text/graphemes.h"
#include "text/segment.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kSentenceEnds = U"。！？!?…\n";
constexpr std::u32string_view kClauseEnds = U"，；：、,;~～";
constexpr double kFilledShare =
    0.5;  // of the room, below which a cut at a sentence end loses too much

bool is_one_of(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }
bool is_end(char32_t c) { return is_one_of(c, kSentenceEnds) || is_one_of(c, kClauseEnds); }

/// A stretch of the text: its words, then the signs that close it.
struct Piece {
  std::u32string body, close;
  bool fixed = false;  // holds a part of a protected span
  bool is_dropped = false;
  bool ends_sentence = false;
};

/// Boundaries that lie inside no span and no cluster.
class Boundaries {
 public:
  Boundaries(std::u32string_view text, const CutRequest& request)
      : allowed_(text.size() + 1, false) {
    allowed_[0] = true;
    for (const size_t end : text::grapheme_ends(text)) allowed_[end] = true;
    for (const auto* spans : {&request.protected_spans, &request.atoms}) {
      for (const TextSpan& span : *spans) {
        for (size_t at = span.begin + 1; at < span.end; ++at) allowed_[at] = false;
      }
    }
  }
  bool allow(size_t at) const { return allowed_[at]; }

 private:
  std::vector<char> allowed_;
};

class Cutter {
 public:
  Cutter(std::u32string text, const CutRequest& request)
      : text_(std::move(text)),
        request_(request),
        boundaries_(text_, request),
        room_(request.limit.max ? *request.limit.max - request.reserved : 0) {}

  std::optional<std::u32string> cut() {
    if (!request_.limit.max || length(text_) <= room_) return text_;
    const auto by_sentence = drop(split(ends_of(kSentenceEnds)));
    if (by_sentence &&
        static_cast<double>(length(*by_sentence)) >= kFilledShare * static_cast<double>(room_)) {
      return by_sentence;
    }
    const auto by_clause = drop(split(ends_of(U"")));
    if (by_clause) return by_clause;
    if (by_sentence) return by_sentence;
    return drop(split(word_ends()));
  }

 private:
  int64_t length(std::u32string_view text) const {
    return length_in(measure_lengths(text), request_.limit.unit);
  }

  /// Ends of sentences, or with an empty set of all clauses; the text's end is always one.
  std::vector<size_t> ends_of(std::u32string_view only) const {
    std::vector<size_t> ends;
    for (size_t i = 0; i < text_.size(); ++i) {
      const bool here = only.empty() ? is_end(text_[i]) : is_one_of(text_[i], only);
      const bool more = i + 1 < text_.size() && is_end(text_[i + 1]);
      if (here && !more && boundaries_.allow(i + 1)) ends.push_back(i + 1);
    }
    if (ends.empty() || ends.back() != text_.size()) ends.push_back(text_.size());
    return ends;
  }

  std::vector<size_t> word_ends() const {
    std::vector<size_t> ends;
    size_t at = 0;
    for (const auto word : text::default_segmenter().cut(std::u32string_view(text_))) {
      at += word.size();
      const bool is_sign = is_end(text_[at - 1]) || text::is_space(text_[at - 1]);
      const bool sign_follows =
          at < text_.size() && (is_end(text_[at]) || text::is_space(text_[at]));
      if (boundaries_.allow(at) && (is_sign || !sign_follows)) ends.push_back(at);
    }
    return ends;
  }

  std::vector<Piece> split(const std::vector<size_t>& ends) const {
    std::vector<Piece> pieces;
    size_t begin = 0;
    for (const size_t end : ends) {
      pieces.push_back(piece(begin, end));
      begin = end;
    }
    return pieces;
  }

  Piece piece(size_t begin, size_t end) const {
    size_t close = end;
    while (close > begin && boundaries_.allow(close - 1) && !is_protected(close - 1, close) &&
           (is_end(text_[close - 1]) || text::is_space(text_[close - 1]))) {
      --close;
    }
    Piece result;
    result.body = text_.substr(begin, close - begin);
    result.close = text_.substr(close, end - close);
    result.ends_sentence = std::any_of(result.close.begin(), result.close.end(),
                                       [](char32_t c) { return is_one_of(c, kSentenceEnds); });
    result.fixed = is_protected(begin, end);
    return result;
  }

  /// Whether [begin, end) holds a part of a protected span.
  bool is_protected(size_t begin, size_t end) const {
    return std::any_of(request_.protected_spans.begin(), request_.protected_spans.end(),
                       [&](const TextSpan& span) { return span.begin < end && begin < span.end; });
  }

  /// Drops pieces that are not fixed, the last first, until the rest fits.
  std::optional<std::u32string> drop(std::vector<Piece> pieces) const {
    for (size_t i = pieces.size(); i-- > 0;) {
      if (pieces[i].fixed) continue;
      pieces[i].is_dropped = true;
      pass_on_sentence_end(pieces, i);
      std::u32string rest = joined(pieces);
      if (!rest.empty() && length(rest) <= room_) return rest;
    }
    return std::nullopt;
  }

  /// The piece before takes over the end sign of its sentence.
  static void pass_on_sentence_end(std::vector<Piece>& pieces, size_t dropped) {
    if (!pieces[dropped].ends_sentence) return;
    for (size_t i = dropped; i-- > 0;) {
      if (pieces[i].ends_sentence) return;
      if (pieces[i].is_dropped) continue;
      pieces[i].close = pieces[dropped].close;
      pieces[i].ends_sentence = true;
      return;
    }
  }

  /// The kept pieces; the last loses spaces and the signs that only part clauses.
  static std::u32string joined(const std::vector<Piece>& pieces) {
    std::u32string text;
    size_t closing = 0;  // code points at the end that are not of a body
    for (const Piece& piece : pieces) {
      if (piece.is_dropped) continue;
      closing = piece.body.empty() ? closing + piece.close.size() : piece.close.size();
      text += piece.body + piece.close;
    }
    for (; closing > 0; --closing) {
      if (!text::is_space(text.back()) && !is_one_of(text.back(), kClauseEnds)) break;
      text.pop_back();
    }
    return text;
  }

  std::u32string text_;
  const CutRequest& request_;
  Boundaries boundaries_;
  int64_t room_;
};

}  // namespace

std::optional<CutText> cut_to_limit(std::string_view utf8, const CutRequest& request) {
  const std::u32string text = text::to_utf32(utf8);
  VITRINE_REQUIRE(request.reserved >= 0, "[cut_to_limit] reserved: expected >= 0, got ",
                  request.reserved);
  for (const auto* spans : {&request.protected_spans, &request.atoms}) {
    for (const TextSpan& span : *spans) {
      VITRINE_REQUIRE(span.begin <= span.end && span.end <= text.size(),
                      "[cut_to_limit] span: expected inside [0, ", text.size(), "), got [",
                      span.begin, ", ", span.end, ")");
    }
  }
  const auto after = Cutter(text, request).cut();
  if (!after) return std::nullopt;
  const int64_t length = length_in(measure_lengths(*after), request.limit.unit);
  if (request.limit.min && length < *request.limit.min) return std::nullopt;
  return CutText{.before = std::string(utf8), .after = text::to_utf8(*after)};
}

std::vector<TextSpan> spans_of(std::u32string_view text, std::u32string_view word) {
  std::vector<TextSpan> spans;
  if (word.empty()) return spans;
  const std::u32string in = fold(text), wanted = fold(word);
  for (size_t at = in.find(wanted); at != in.npos; at = in.find(wanted, at + wanted.size())) {
    spans.push_back({at, at + wanted.size()});
  }
  return spans;
}

}  // namespace vitrine::checks
