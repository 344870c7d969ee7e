#include "text/gzip.h"

#include <zlib.h>

#include "base/error.h"

namespace vitrine::text {
namespace {

struct Inflater {
  Inflater() {
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw InternalError("[gunzip] inflateInit2 failed");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

}  // namespace

std::string gunzip(std::string_view bytes, std::string_view where, size_t limit_bytes) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::string block(1 << 16, '\0');
  for (int status = Z_OK; status != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) throw Corrupt(concat("[gunzip] ", where, ": broken or cut gzip data"));
    out.append(block, 0, block.size() - stream.avail_out);
    if (out.size() > limit_bytes) throw Corrupt(concat("[gunzip] ", where, ": more than ", limit_bytes, " bytes"));
  }
  return out;
}

}  // namespace vitrine::text
