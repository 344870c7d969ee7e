// serve/page.h - the operators' page, which is a part of the program.
#pragma once
#include <span>
#include <string_view>

#include "serve/http.h"

namespace vitrine::serve {

/// A file of the page as the build made it (cmake/EmbedPage.cmake).
struct PageFile {
  std::string_view path;  // "/index.html"
  std::string_view bytes;
};
std::span<const PageFile> page_files();

/// The file that the address names, "/" is "/index.html"; with the page's security headers, ETag
/// and gzip. Throws Refusal: unknown_address, method_not_allowed.
HttpResponse page_response(const HttpRequest& request);

}  // namespace vitrine::serve
