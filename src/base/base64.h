// base/base64.h - bytes as text, for data URIs and tables of pictures (RFC 4648, sections 4 and 5).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace vitrine {

std::string base64(std::string_view bytes);

/// The bytes of a text in either alphabet (+/ or -_), with its padding. Nothing for any other text.
std::optional<std::string> from_base64(std::string_view text);

/// "data:image/png;base64,…"
std::string data_uri(std::string_view mime_type, std::string_view bytes);

}  // namespace vitrine
