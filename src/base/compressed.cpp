#include "base/compressed.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/nameless_file.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;
constexpr size_t kMaxPiece = size_t{1} << 30;  // fits zlib's counters
constexpr int kGzipWindow = 15 + 16;  // zlib's sign for a gzip header
constexpr int kZstdLevel = 3;

[[noreturn]] void throw_damaged(std::string_view where, std::string_view why) {
  throw Corrupt(concat("[decompress] ", where, ": ", why));
}

using EndFunction = int (*)(z_stream*);

/// A z_stream that is ended with its scope.
struct ZStream {
  explicit ZStream(EndFunction end_function) : end(end_function) {}
  ~ZStream() { end(&stream); }
  ZStream(const ZStream&) = delete;
  ZStream& operator=(const ZStream&) = delete;
  z_stream stream{};
  EndFunction end;
};

/// The next bytes of a packed source; what is not used yet lies in `left`.
class PackedInput {
 public:
  explicit PackedInput(std::unique_ptr<ByteReader> source)
      : source_(std::move(source)), chunk_(kChunkBytes) {}
  /// Reads on when nothing is left. Whether there is something.
  bool fill() {
    if (left.empty()) left = {chunk_.data(), source_->read(chunk_)};
    return !left.empty();
  }
  std::string_view left;

 private:
  std::unique_ptr<ByteReader> source_;
  std::vector<char> chunk_;
};

class GunzipReader : public ByteReader {
 public:
  GunzipReader(std::unique_ptr<ByteReader> packed, std::string where)
      : in_(std::move(packed)), where_(std::move(where)), z_(inflateEnd) {
    if (inflateInit2(&z_.stream, kGzipWindow) != Z_OK)
      throw InternalError("[gunzip] zlib does not start");
  }
  size_t read(std::span<char> out) override {
    for (;;) {
      const bool more = in_.fill();
      if (member_done_ && !more) return 0;
      if (member_done_) inflateReset(&z_.stream);
      z_.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in_.left.data()));
      z_.stream.avail_in = static_cast<uInt>(in_.left.size());
      const size_t room = std::min(out.size(), kMaxPiece);
      z_.stream.next_out = reinterpret_cast<Bytef*>(out.data());
      z_.stream.avail_out = static_cast<uInt>(room);
      const int code = inflate(&z_.stream, Z_NO_FLUSH);
      // Z_BUF_ERROR: nothing came in and nothing can come out, so the data is cut.
      if (code != Z_OK && code != Z_STREAM_END) throw_damaged(where_, "damaged or cut gzip data");
      in_.left.remove_prefix(in_.left.size() - z_.stream.avail_in);
      member_done_ = code == Z_STREAM_END;
      if (const size_t size = room - z_.stream.avail_out; size > 0) return size;
    }
  }

 private:
  PackedInput in_;
  std::string where_;
  ZStream z_;
  bool member_done_ = false;
};

struct FreeDstream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class UnzstdReader : public ByteReader {
 public:
  UnzstdReader(std::unique_ptr<ByteReader> packed, std::string where)
      : in_(std::move(packed)), where_(std::move(where)), stream_(ZSTD_createDStream()) {}
  size_t read(std::span<char> out) override {
    for (;;) {
      const bool more = in_.fill();
      if (!more && expected_ == 0) return 0;
      ZSTD_inBuffer from{in_.left.data(), in_.left.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      expected_ = ZSTD_decompressStream(stream_.get(), &to, &from);
      if (ZSTD_isError(expected_)) throw_damaged(where_, ZSTD_getErrorName(expected_));
      in_.left.remove_prefix(from.pos);
      if (to.pos > 0) return to.pos;
      if (!more && expected_ != 0) throw_damaged(where_, "cut zstd data");
    }
  }

 private:
  PackedInput in_;
  std::string where_;
  std::unique_ptr<ZSTD_DStream, FreeDstream> stream_;
  size_t expected_ = 1;  // 0 at the end of a frame
};

using Sink = std::function<void(std::string_view)>;

/// Packs piece by piece. The packer is fed in chunks of one size, so that its bytes do not depend
/// on the pieces. Call order: (write)* finish.
class Packer {
 public:
  explicit Packer(Sink sink) : sink_(std::move(sink)) {}
  virtual ~Packer() = default;
  virtual void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kChunkBytes - pending_.size());
      pending_ += piece;
      bytes.remove_prefix(piece.size());
      if (pending_.size() < kChunkBytes) continue;
      pack(pending_, false);
      pending_.clear();
    }
  }
  virtual void finish() { pack(pending_, true); }

 protected:
  virtual void pack(std::string_view bytes, bool last) = 0;
  Sink sink_;

 private:
  std::string pending_;
};

class NoPacker : public Packer {
 public:
  using Packer::Packer;
  void write(std::string_view bytes) override { sink_(bytes); }
  void finish() override {}

 protected:
  void pack(std::string_view, bool) override {}
};

class GzipPacker : public Packer {
 public:
  explicit GzipPacker(Sink sink) : Packer(std::move(sink)), z_(deflateEnd) {
    // Time stamp 0 and no name: equal input gives equal bytes.
    if (deflateInit2(&z_.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw InternalError("[gzip] zlib does not start");
    }
  }

 protected:
  void pack(std::string_view bytes, bool last) override {
    z_.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z_.stream.avail_in = static_cast<uInt>(bytes.size());
    std::array<char, kChunkBytes> chunk;
    int code = Z_OK;
    do {
      z_.stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
      z_.stream.avail_out = static_cast<uInt>(chunk.size());
      code = deflate(&z_.stream, last ? Z_FINISH : Z_NO_FLUSH);
      sink_({chunk.data(), chunk.size() - z_.stream.avail_out});
    } while (last ? code != Z_STREAM_END : z_.stream.avail_out == 0);
  }

 private:
  ZStream z_;
};

struct FreeCctx {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdPacker : public Packer {
 public:
  explicit ZstdPacker(Sink sink) : Packer(std::move(sink)), context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
  }

 protected:
  void pack(std::string_view bytes, bool last) override {
    ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
    std::array<char, kChunkBytes> chunk;
    size_t left = 0;
    do {
      ZSTD_outBuffer to{chunk.data(), chunk.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) throw InternalError(concat("[zstd] ", ZSTD_getErrorName(left)));
      sink_({chunk.data(), to.pos});
    } while (last ? left != 0 : from.pos < from.size);
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeCctx> context_;
};

std::unique_ptr<Packer> make_packer(Compression compression, Sink sink) {
  if (compression == Compression::gzip) return std::make_unique<GzipPacker>(std::move(sink));
  if (compression == Compression::zstd) return std::make_unique<ZstdPacker>(std::move(sink));
  return std::make_unique<NoPacker>(std::move(sink));
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
  std::string out;
  const auto packer = make_packer(compression, [&out](std::string_view packed) { out += packed; });
  packer->write(bytes);
  packer->finish();
  return out;
}

std::string decompress(std::string_view bytes, Compression compression, std::string_view where,
                       size_t max_bytes) {
  return read_all(*unpacking(read_memory(bytes), compression, std::string(where)), where,
                  max_bytes);
}

std::unique_ptr<ByteReader> unpacking(std::unique_ptr<ByteReader> packed, Compression compression,
                                      std::string where) {
  if (compression == Compression::gzip)
    return std::make_unique<GunzipReader>(std::move(packed), std::move(where));
  if (compression == Compression::zstd)
    return std::make_unique<UnzstdReader>(std::move(packed), std::move(where));
  return packed;
}

std::string read_file_unpacked(const fs::path& path, size_t max_bytes) {
  return read_all(*unpacking(open_bytes(path), compression_of(path), path.string()), path.string(),
                  max_bytes);
}

namespace {

/// Packed bytes that wait for their device, the most of them in a file.
class WaitingBytes {
 public:
  WaitingBytes() = default;
  ~WaitingBytes() {
    if (file_ >= 0) ::close(file_);
  }
  WaitingBytes(const WaitingBytes&) = delete;
  WaitingBytes& operator=(const WaitingBytes&) = delete;

  void add(std::string_view bytes) {
    latest_ += bytes;
    if (latest_.size() <= kWaitingInMemory) return;
    if (file_ < 0) file_ = open_nameless_file();
    append_to_file(file_, latest_);
    latest_.clear();
  }
  /// False when the device does not take them.
  bool write_to(std::FILE* device) const {
    std::vector<char> chunk(file_ < 0 ? 0 : kChunkBytes);
    for (uint64_t at = 0; file_ >= 0;) {
      const size_t size = read_at(file_, at, chunk);
      if (size == 0) break;
      if (std::fwrite(chunk.data(), 1, size, device) != size) return false;
      at += size;
    }
    return std::fwrite(latest_.data(), 1, latest_.size(), device) == latest_.size() && std::fflush(device) == 0;
  }

 private:
  std::string latest_;
  int file_ = -1;  // what came before
};

}  // namespace

struct OutputFile::State {
  State(fs::path file_path, Devices device_mode)
      : path(std::move(file_path)), devices(device_mode) {
    if (!is_device(path)) {
      file.emplace(path);
    } else if (devices == Devices::at_once) {
      open_device();
    }
  }
  ~State() {
    if (device != nullptr && device != stdout) std::fclose(device);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void take(std::string_view packed) {
    if (file) return file->write(packed);
    if (devices == Devices::at_commit) {
      waiting.add(packed);
    } else if (std::fwrite(packed.data(), 1, packed.size(), device) != packed.size() ||
               std::fflush(device) != 0) {
      fail();
    }
  }
  void commit() {
    packer->finish();
    if (file) return file->commit();
    if (devices == Devices::at_once) return;
    open_device();
    if (!waiting.write_to(device)) fail();
  }
  void open_device() {
    device = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
    if (device == nullptr) fail();
  }
  [[noreturn]] void fail() const {
    const int code = errno;
    throw IoError(concat("[OutputFile] ", path == "-" ? "standard output" : path.string(), ": ",
                         std::strerror(code)));
  }

  fs::path path;
  Devices devices;
  std::optional<AtomicFile> file;
  std::FILE* device = nullptr;
  WaitingBytes waiting;  // for a device, until commit
  std::unique_ptr<Packer> packer =
      make_packer(compression_of(path), [this](std::string_view packed) { take(packed); });
};

OutputFile::OutputFile(fs::path path, Devices devices)
    : state_(std::make_unique<State>(std::move(path), devices)) {}
OutputFile::~OutputFile() = default;

bool OutputFile::is_device(const fs::path& path) {
  if (path == "-") return true;
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  return !code && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void OutputFile::write(std::string_view bytes) { state_->packer->write(bytes); }

void OutputFile::commit() { state_->commit(); }

void write_output(const fs::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace vitrine
