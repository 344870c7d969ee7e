#include "serve/page.h"

#include <map>

#include "base/compressed.h"
#include "base/hash.h"
#include "serve/problem.h"

namespace vitrine::serve {
namespace {

// As web/fake/server.mjs: the page was tested under these.
constexpr std::pair<const char*, const char*> kSecurity[] = {
    {"Content-Security-Policy",
     "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"},
    {"Referrer-Policy", "no-referrer"}};

std::string_view media_type(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"}, {".js", "text/javascript"}, {".css", "text/css"},
      {".svg", "image/svg+xml"},             {".json", "application/json"},
      {".yaml", "application/yaml"},         {".txt", "text/plain; charset=utf-8"},
      {".png", "image/png"},                 {".woff2", "font/woff2"}};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

bool is_text(std::string_view type) { return !type.starts_with("image/png") && !type.starts_with("font/"); }

struct ReadyFile {
  std::string_view bytes;
  std::string packed;  // empty = not worth it
  std::string etag;
};

/// Packed once, with the first request.
const std::map<std::string_view, ReadyFile>& ready_files() {
  static const auto kFiles = [] {
    std::map<std::string_view, ReadyFile> files;
    for (const PageFile& file : page_files()) {
      ReadyFile ready{.bytes = file.bytes, .packed = {}, .etag = '"' + sha256_hex(file.bytes).substr(0, 32) + '"'};
      if (is_text(media_type(file.path))) ready.packed = compress(file.bytes, Compression::gzip);
      if (ready.packed.size() >= ready.bytes.size()) ready.packed.clear();
      files.emplace(file.path, std::move(ready));
    }
    return files;
  }();
  return kFiles;
}

void add_headers(std::string_view path, const ReadyFile& file, HttpResponse& response) {
  const bool never_changes = path.starts_with("/assets/");  // their names hold a hash
  for (const auto& [name, value] : kSecurity) response.headers.emplace_back(name, value);
  response.headers.emplace_back("ETag", file.etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("Cache-Control",
                                never_changes ? "public, max-age=31536000, immutable" : "no-cache");
}

}  // namespace

HttpResponse page_response(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") throw Refusal::method_not_allowed("GET, HEAD");
  const std::string_view path = request.path == "/" ? "/index.html" : std::string_view(request.path);
  const auto found = ready_files().find(path);
  if (found == ready_files().end()) throw Refusal("unknown_address");
  const ReadyFile& file = found->second;
  HttpResponse response;
  add_headers(path, file, response);
  if (request.header("if-none-match").find(file.etag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = media_type(path);
  const bool packed = !file.packed.empty() && request.header("accept-encoding").find("gzip") != std::string::npos;
  response.body = packed ? std::string_view(file.packed) : file.bytes;
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace vitrine::serve
