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
  const size_t kept = text_.size();
  buffer_.erase(0, buffer_.size() - kept);
  buffer_.resize(kept + chunk_bytes_);
  const size_t size = reader_->read({buffer_.data() + kept, chunk_bytes_});
  buffer_.resize(kept + size);
  text_ = buffer_;
  return size > 0;
}

void TextWindow::drop(size_t count) {
  text_.remove_prefix(count);
  dropped_ += count;
}

bool LineReader::next(std::string_view& line) {
  window_.drop(std::exchange(used_, 0));
  if (window_.text().empty() && !window_.more()) return false;
  ++number_;
  size_t seen = 0, end = std::string_view::npos;
  for (;;) {
    end = window_.text().find('\n', seen);
    seen = window_.text().size();
    if (end != std::string_view::npos || seen > max_bytes_ || !window_.more()) break;
  }
  const bool whole = end != std::string_view::npos || seen <= max_bytes_;
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
  for (;;) {
    const std::string_view text = window_.text();
    const size_t end = text.find('\n');
    is_blank_ = is_blank_ && has_no_text(text.substr(0, end));
    window_.drop(std::min(text.size(), end == std::string_view::npos ? end : end + 1));
    if (end != std::string_view::npos || !window_.more()) return;
  }
}

}  // namespace vitrine::data
