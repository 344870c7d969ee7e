// generation/packed_cache.h - a model's packed weights, kept in a file so that later processes only
// read them, into large pages.
//
// The file `packed-DTYPE.cache` lies beside the weights, or in the user's cache folder
// ($XDG_CACHE_HOME or ~/.cache, vitrine/packed/) when that cannot be written. It is good for
// weights of the same SHA-256 only, and knows size, inode and times of the files it was made of, so
// that they are hashed again only when one of these has changed. It appears whole (rename), so any
// number of processes may use and make it at the same time. docs/formats/packed_cache.md
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"
#include "kernels/packed_matrix.h"

namespace vitrine::generation {

/// One matrix of a network, and where its numbers come from when they have to be packed.
struct MatrixSource {
  size_t K = 0, N = 0;
  bool out_in = false;  // [N, K] as embeddings, else [K, N] as GPT-2's layers
  std::function<std::vector<float>()> weights;  // [K * N]
  std::function<std::vector<float>()> bias;     // [N], or no function
};

/// Call order: construct, then any.
class PackedCache {
 public:
  /// Looks for the cache of a model directory's weights. A damaged or foreign one counts as none.
  /// Throws what open_checkpoint throws.
  PackedCache(const std::filesystem::path& model_dir, std::string dtype);

  /// Whether there is one: then the weights have been read before, and were finite.
  bool is_there() const { return file_ != nullptr; }
  /// Of the weights' file, or of the hashes of several; computed when it is not known.
  const std::string& content_sha256();

  /// The matrices of `sources`, in order: as kept, or packed and, from 4 MiB on, kept for the next
  /// process. A cache that cannot be written is no error (a debug message).
  std::vector<kernels::PackedMatrix> matrices(std::span<const MatrixSource> sources,
                                              kernels::WeightType type, ThreadPool& pool);

 private:
  void find();
  bool adopt(const std::filesystem::path& path);
  std::optional<std::vector<kernels::PackedMatrix>> kept(std::span<const MatrixSource> sources,
                                                         kernels::WeightType type) const;
  void keep(std::span<const kernels::PackedMatrix> matrices);
  bool keep_at(const std::filesystem::path& path,
               std::span<const kernels::PackedMatrix> matrices) const;

  std::vector<std::filesystem::path> weight_files_;
  std::vector<std::filesystem::path> places_;  // of the cache, the first one preferred
  std::string dtype_;
  std::string sources_;  // size, inode and times of the weight files
  std::string sha256_;   // empty = not known yet
  std::shared_ptr<const io::SafetensorsFile> file_;
  bool is_stale_ = false;  // of the right content, but made of files with other times
};

}  // namespace vitrine::generation
