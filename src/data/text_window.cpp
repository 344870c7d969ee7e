#include "data/text_window.h"

#include <algorithm>
#include <utility>

namespace vitrine::data {
namespace {

bool has_no_text(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

bool TextWindow::more() {
  if (reader_ == nullptr) return false;
  chunk_.resize(chunk_bytes_);
  const size_t size = reader_->read(chunk_);
  if (size == 0) return false;
  buffer_.erase(0, buffer_.size() - text_.size());
  buffer_.append(chunk_, 0, size);
  text_ = buffer_;
  return true;
}

void TextWindow::drop(size_t count) {
  if (counts_lines_) lines_dropped_ += std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(count), '\n');
  text_.remove_prefix(count);
  dropped_ += count;
}

/// Where the line at the window's start ends, reading on where it does not show; npos when the text ends first, or the line is too long.
size_t LineReader::find_end() {
  for (size_t seen = 0;;) {
    const std::string_view text = window_.text();
    const size_t feed = text.find('\n', no_feed_);
    no_feed_ = std::min(feed, text.size());
    const size_t carriage = text.substr(0, no_feed_).find('\r', seen);
    if (carriage != std::string_view::npos && carriage + 1 < text.size() && text[carriage + 1] != '\n') {
      if (first_return_ == 0) first_return_ = number_;
      return carriage;
    }
    if (feed != std::string_view::npos) return feed;
    seen = std::min(carriage, text.size());
    if (text.size() > max_bytes_ || !window_.more()) return std::string_view::npos;
  }
}

bool LineReader::next(std::string_view& line) {
  no_feed_ -= std::min(no_feed_, used_);
  window_.drop(std::exchange(used_, 0));
  if (window_.text().empty() && !window_.more()) return false;
  ++number_;
  const size_t end = find_end();
  const bool whole = end != std::string_view::npos || window_.text().size() <= max_bytes_;
  line = window_.text().substr(0, end);
  is_blank_ = has_no_text(line);
  if (whole) {
    used_ = std::min(window_.text().size(), line.size() + 1);
    line = line.substr(0, max_bytes_ + 1);
    return true;
  }
  start_ = line.substr(0, max_bytes_ + 1);
  drop_rest();
  line = start_;
  return true;
}

void LineReader::drop_rest() {
  no_feed_ = 0;
  for (;;) {
    const std::string_view text = window_.text();
    const size_t end = text.find_first_of("\r\n");
    const bool is_return = end != std::string_view::npos && text[end] == '\r';
    if (is_return && end + 1 == text.size() && window_.more()) continue;
    const bool is_pair = is_return && text.substr(end).starts_with("\r\n");
    if (is_return && !is_pair && end + 1 < text.size() && first_return_ == 0) first_return_ = number_;
    is_blank_ = is_blank_ && has_no_text(text.substr(0, end));
    window_.drop(end == std::string_view::npos ? text.size() : end + (is_pair ? 2 : 1));
    if (end != std::string_view::npos || !window_.more()) return;
  }
}

}  // namespace vitrine::data
