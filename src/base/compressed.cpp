#include "base/compressed.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;
constexpr int kGzipWindow = 15 + 16;  // zlib's sign for a gzip header
constexpr int kZstdLevel = 3;

[[noreturn]] void throw_damaged(std::string_view where, std::string_view why) {
  throw Corrupt(concat("[decompress] ", where, ": ", why));
}

void append_limited(std::string& out, const char* data, size_t size, std::string_view where, size_t max_bytes) {
  if (size > max_bytes - out.size()) throw Corrupt(concat("[decompress] ", where, ": TOO_LARGE: more than ", max_bytes, " bytes unpacked"));
  out.append(data, size);
}

using InflateEnd = int (*)(z_stream*);

/// A z_stream that is ended with its scope.
struct ZStream {
  explicit ZStream(InflateEnd end_function) : end(end_function) {}
  ~ZStream() { end(&stream); }
  ZStream(const ZStream&) = delete;
  ZStream& operator=(const ZStream&) = delete;
  z_stream stream{};
  InflateEnd end;
};

std::string gunzip(std::string_view bytes, std::string_view where, size_t max_bytes) {
  ZStream z(inflateEnd);
  if (inflateInit2(&z.stream, kGzipWindow) != Z_OK) throw InternalError("[gunzip] zlib does not start");
  std::string out;
  std::array<char, kChunkBytes> chunk;
  bool member_done = false;
  size_t at = 0;
  while (at < bytes.size() || !member_done) {
    if (member_done) inflateReset(&z.stream);
    const size_t piece = std::min(bytes.size() - at, size_t{1} << 30);
    z.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + at));
    z.stream.avail_in = static_cast<uInt>(piece);
    z.stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.stream.avail_out = static_cast<uInt>(chunk.size());
    const int code = inflate(&z.stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) throw_damaged(where, "damaged or cut gzip data");
    at += piece - z.stream.avail_in;
    append_limited(out, chunk.data(), chunk.size() - z.stream.avail_out, where, max_bytes);
    member_done = code == Z_STREAM_END;
  }
  return out;
}

struct FreeDstream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

std::string unzstd(std::string_view bytes, std::string_view where, size_t max_bytes) {
  const std::unique_ptr<ZSTD_DStream, FreeDstream> stream(ZSTD_createDStream());
  std::string out;
  std::array<char, kChunkBytes> chunk;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  size_t left = 1;  // 0 at the end of a frame
  bool full = false;
  while (in.pos < in.size || full) {
    ZSTD_outBuffer piece{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &piece, &in);
    if (ZSTD_isError(left)) throw_damaged(where, ZSTD_getErrorName(left));
    append_limited(out, chunk.data(), piece.pos, where, max_bytes);
    full = left != 0 && piece.pos == piece.size;
  }
  if (left != 0) throw_damaged(where, "cut zstd data");
  return out;
}

std::string gzip(std::string_view bytes) {
  ZStream z(deflateEnd);
  // Time stamp 0 and no name: equal input gives equal bytes.
  if (deflateInit2(&z.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw InternalError("[gzip] zlib does not start");
  }
  std::string out;
  std::array<char, kChunkBytes> chunk;
  size_t at = 0;
  for (int code = Z_OK; code != Z_STREAM_END;) {
    const size_t piece = std::min(bytes.size() - at, size_t{1} << 30);
    z.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + at));
    z.stream.avail_in = static_cast<uInt>(piece);
    z.stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.stream.avail_out = static_cast<uInt>(chunk.size());
    code = deflate(&z.stream, at + piece == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    at += piece - z.stream.avail_in;
    out.append(chunk.data(), chunk.size() - z.stream.avail_out);
  }
  return out;
}

std::string zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kZstdLevel);
  if (ZSTD_isError(size)) throw InternalError(concat("[zstd] ", ZSTD_getErrorName(size)));
  out.resize(size);
  return out;
}

std::string read_stdin(size_t max_bytes) {
  std::string out;
  std::array<char, kChunkBytes> chunk;
  for (;;) {
    throw_if_interrupted("standard input was not read to its end, nothing was written");
    const ssize_t size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size == 0) return out;
    if (size > 0) {
      append_limited(out, chunk.data(), static_cast<size_t>(size), "-", max_bytes);
    } else if (errno != EINTR) {  // EINTR: Ctrl-C, or another signal
      throw IoError(concat("[read_stdin] ", std::strerror(errno)));
    }
  }
}

}  // namespace

Compression compression_of(const fs::path& path) {
  if (path.extension() == ".gz") return Compression::gzip;
  return path.extension() == ".zst" ? Compression::zstd : Compression::none;
}

fs::path without_compression_suffix(const fs::path& path) {
  return compression_of(path) == Compression::none ? path : path.parent_path() / path.stem();
}

std::string compress(std::string_view bytes, Compression compression) {
  if (compression == Compression::gzip) return gzip(bytes);
  return compression == Compression::zstd ? zstd(bytes) : std::string(bytes);
}

std::string decompress(std::string_view bytes, Compression compression, std::string_view where, size_t max_bytes) {
  if (compression == Compression::gzip) return gunzip(bytes, where, max_bytes);
  if (compression == Compression::zstd) return unzstd(bytes, where, max_bytes);
  std::string out;
  append_limited(out, bytes.data(), bytes.size(), where, max_bytes);
  return out;
}

std::string read_file_unpacked(const fs::path& path, size_t max_bytes) {
  if (path == "-") return read_stdin(max_bytes);
  const MappedFile file(path);
  const auto bytes = file.bytes();
  log_debug("[read_file] ", path.string(), ": ", bytes.size(), " bytes");
  return decompress({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, compression_of(path), path.string(), max_bytes);
}

namespace {

/// A device or pipe, which a rename would replace by a file (/dev/null!); it is written in place.
bool is_special_file(const fs::path& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  return !code && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void write_through(std::FILE* file, const fs::path& path, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fflush(file) != 0) {
    throw IoError(concat("[OutputFile] ", path.string(), ": ", std::strerror(errno)));
  }
}

void write_special(const fs::path& path, std::string_view bytes) {
  if (path == "-") return write_through(stdout, path, bytes);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (!file) throw IoError(concat("[OutputFile] ", path.string(), ": ", std::strerror(errno)));
  write_through(file.get(), path, bytes);
}

}  // namespace

struct OutputFile::State {
  explicit State(fs::path file_path) : path(std::move(file_path)), compression(compression_of(path)) {
    if (path != "-" && !is_special_file(path)) file.emplace(path);
  }
  fs::path path;
  Compression compression;
  std::optional<AtomicFile> file;  // none for standard output, devices and pipes
  std::string pending;             // what is packed or printed at commit
};

OutputFile::OutputFile(fs::path path) : state_(std::make_unique<State>(std::move(path))) {}
OutputFile::~OutputFile() = default;

void OutputFile::write(std::string_view bytes) {
  if (state_->file && state_->compression == Compression::none) return state_->file->write(bytes);
  state_->pending += bytes;
}

void OutputFile::commit() {
  if (state_->file) {
    if (state_->compression != Compression::none) state_->file->write(compress(state_->pending, state_->compression));
    return state_->file->commit();
  }
  write_special(state_->path, compress(state_->pending, state_->compression));
}

void write_output(const fs::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace vitrine
