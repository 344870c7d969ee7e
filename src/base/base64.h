// base/base64.h - bytes as text, for data URIs (RFC 4648, section 4).
#pragma once
#include <string>
#include <string_view>

namespace vitrine {

std::string base64(std::string_view bytes);

/// "data:image/png;base64,…"
std::string data_uri(std::string_view mime_type, std::string_view bytes);

}  // namespace vitrine
