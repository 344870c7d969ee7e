#include "io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

namespace vitrine::io {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kMaxRank = 16;

/// Types that the format knows and we do not read.
constexpr std::array<std::string_view, 12> kForeignTypes{"F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4",
                                                         "I8",      "I16",     "U16",     "U32",     "U64",     "C64"};

constexpr std::string_view kHowToConvert =
    "python -c \"import torch; from safetensors.torch import save_file; d = torch.load('OLD', weights_only=True); "
    "save_file(d.get('state_dict', d), 'NEW.safetensors')\"";

[[noreturn]] void refuse(const fs::path& path, std::string_view code, const std::string& reason) {
  throw Corrupt(concat("[SafetensorsFile] ", path.string(), ": ", code, ": ", reason));
}

void refuse_pickle(const fs::path& path) {
  const std::string extension = path.extension().string();
  VITRINE_REQUIRE(extension != ".bin" && extension != ".pt" && extension != ".pth" && extension != ".ckpt",
                  "[SafetensorsFile] ", path.string(),
                  ": WGT_PICKLE: pickle files can run code and are not opened; convert it to safetensors where you trust it: ", kHowToConvert);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Keys of the objects that are open, to see a key that comes twice (the JSON library keeps the first).
class DuplicateKeys {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end) open_.pop_back();
    if (event == Json::parse_event_t::key && !open_.back().insert(parsed.get<std::string>()).second) {
      duplicate_ = parsed.get<std::string>();
    }
    return true;
  }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::optional<std::string> duplicate_;
};

Json parse_header(std::string_view text, const fs::path& path) {
  if (!text.starts_with('{')) refuse(path, "WGT_HEADER", "the header does not start with '{'");
  DuplicateKeys keys;
  Json header;
  try {
    header = Json::parse(text, [&keys](int depth, Json::parse_event_t event, Json& parsed) { return keys(depth, event, parsed); });
  } catch (const Json::exception& e) {
    refuse(path, "WGT_HEADER", concat("the header is not JSON in UTF-8: ", e.what()));
  }
  if (keys.duplicate()) refuse(path, "WGT_HEADER", concat("'", *keys.duplicate(), "' comes twice"));
  return header;
}

/// The JSON header and what follows it.
struct Parts {
  Json header;
  std::span<const std::byte> data;
};

Parts split(std::span<const std::byte> bytes, const fs::path& path) {
  if (bytes.size() < 8) refuse(path, "WGT_HEADER", concat("the file has ", bytes.size(), " bytes, a header length takes 8"));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length == 0 || length > kMaxHeaderBytes || length > bytes.size() - 8) {
    refuse(path, "WGT_HEADER",
           concat("header length: expected 1 to ", std::min<uint64_t>(kMaxHeaderBytes, bytes.size() - 8), ", got ", length));
  }
  return {parse_header(as_text(bytes.subspan(8, length)), path), bytes.subspan(8 + length)};
}

std::map<std::string, std::string> read_metadata(const Json& value, const fs::path& path) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) refuse(path, "WGT_HEADER", "__metadata__: expected an object of strings");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) refuse(path, "WGT_HEADER", concat("__metadata__: '", key, "' is not a string"));
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

/// Numbers of values times size, or nothing when it does not fit.
std::optional<uint64_t> size_bytes(std::span<const int64_t> shape, DType dtype) {
  uint64_t size = size_of(dtype);
  for (const int64_t length : shape) {
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(length), &size)) return std::nullopt;
  }
  return size;
}

/// Reads one entry of the header: {"dtype": …, "shape": […], "data_offsets": [begin, end]}.
class EntryReader {
 public:
  EntryReader(const std::string& name, const Json& entry, const fs::path& path) : name_(name), entry_(entry), path_(path) {}

  TensorView read(std::span<const std::byte> data) const {
    if (!entry_.is_object()) fail("expected an object");
    if (entry_.size() != 3) fail("expected the fields dtype, shape and data_offsets");
    TensorView tensor{name_, dtype(), {}, {}};
    for (const uint64_t length : numbers("shape", kMaxRank)) tensor.shape.push_back(static_cast<int64_t>(length));
    const auto offsets = numbers("data_offsets", 2);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size()) {
      fail(concat("data_offsets ", entry_["data_offsets"].dump(), " are not inside the ", data.size(), " data bytes"));
    }
    tensor.bytes = data.subspan(offsets[0], offsets[1] - offsets[0]);
    check_length(tensor);
    return tensor;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { refuse(path_, "WGT_HEADER", concat(name_, ": ", reason)); }

  DType dtype() const {
    const auto found = entry_.find("dtype");
    if (found == entry_.end() || !found->is_string()) fail("dtype: expected a string");
    const std::string text = found->get<std::string>();
    if (const auto known = dtype_from_name(text)) return *known;
    if (std::find(kForeignTypes.begin(), kForeignTypes.end(), text) != kForeignTypes.end()) {
      refuse(path_, "WGT_DTYPE", concat(name_, ": data type ", text, " is not supported"));
    }
    fail(concat("unknown dtype '", text, "'"));
  }

  std::vector<uint64_t> numbers(const char* field, size_t max_count) const {
    const auto found = entry_.find(field);
    if (found == entry_.end() || !found->is_array() || found->size() > max_count) {
      fail(concat(field, ": expected a list of at most ", max_count, " numbers"));
    }
    std::vector<uint64_t> values;
    for (const Json& value : *found) {
      if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
        fail(concat(field, ": ", value.dump(), " is not a length"));
      }
      values.push_back(value.get<uint64_t>());
    }
    return values;
  }

  void check_length(const TensorView& tensor) const {
    const auto expected = size_bytes(tensor.shape, tensor.dtype);
    if (!expected) fail(concat("shape ", shape_text(tensor.shape), " is too large"));
    if (*expected != tensor.bytes.size()) {
      fail(concat("shape ", shape_text(tensor.shape), " of ", name_of(tensor.dtype), " takes ", *expected, " bytes, data_offsets hold ",
                  tensor.bytes.size()));
    }
  }

  const std::string& name_;
  const Json& entry_;
  const fs::path& path_;
};

/// Sorted tensors must follow each other without gap or overlap, from the first byte to the last.
void check_cover(const std::vector<TensorView>& tensors, std::span<const std::byte> data, const fs::path& path) {
  const std::byte* next = data.data();
  for (const TensorView& tensor : tensors) {
    if (tensor.bytes.data() != next) {
      refuse(path, "WGT_HEADER", concat(tensor.name, ": data starts at ", tensor.bytes.data() - data.data(), ", expected ",
                                        next - data.data(), tensor.bytes.data() < next ? " (overlap)" : " (gap)"));
    }
    next += tensor.bytes.size();
  }
  if (next != data.data() + data.size()) {
    refuse(path, "WGT_HEADER", concat(data.data() + data.size() - next, " bytes at the end belong to no tensor"));
  }
}

void warn_double(const TensorView& tensor, const fs::path& path) {
  if (tensor.dtype == DType::F64) log_warn(path.string(), ": ", tensor.name, ": F64 is used as float32");
}

/// The same, for a shape that must fit.
uint64_t length_of(const TensorHeader& tensor) {
  const auto length = size_bytes(tensor.shape, tensor.dtype);
  VITRINE_REQUIRE(length, "[SafetensorsWriter] ", tensor.name, ": shape ", shape_text(tensor.shape), " is too large");
  return *length;
}

std::string header_text(std::span<const TensorHeader> tensors, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  header["__metadata__"] = metadata;
  if (!metadata.contains("format")) header["__metadata__"]["format"] = "pt";
  uint64_t offset = 0;
  for (const TensorHeader& tensor : tensors) {
    const uint64_t end = offset + length_of(tensor);
    header[tensor.name] = {{"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = dump_line(header);
  text.resize((8 + text.size() + 63) / 64 * 64 - 8, ' ');  // data starts at a multiple of 64 bytes of the file
  return text;
}

void require_distinct_names(std::span<const TensorHeader> tensors) {
  std::set<std::string_view> names{"__metadata__"};
  for (const TensorHeader& tensor : tensors) {
    VITRINE_REQUIRE(names.insert(tensor.name).second, "[SafetensorsWriter] '", tensor.name, "' comes twice");
  }
}

}  // namespace

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::vector<float> to_float32(const TensorView& tensor) {
  std::vector<float> values(tensor.num_values());
  to_float32(tensor.dtype, tensor.bytes, values);
  return values;
}

void require_finite(const TensorView& tensor, const fs::path& file) {
  if (!all_finite(tensor.dtype, tensor.bytes)) refuse(file, "WGT_NONFINITE", concat(tensor.name, " holds NaN or infinity"));
}

SafetensorsFile::SafetensorsFile(const fs::path& path) : path_(path), file_((refuse_pickle(path), path)) {
  const Parts parts = split(file_.bytes(), path_);
  for (const auto& [name, entry] : parts.header.items()) {
    if (name == "__metadata__") {
      metadata_ = read_metadata(entry, path_);
    } else {
      tensors_.push_back(EntryReader(name, entry, path_).read(parts.data));
    }
  }
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorView& a, const TensorView& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  check_cover(tensors_, parts.data, path_);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    index_of_[tensors_[i].name] = i;
    warn_double(tensors_[i], path_);
  }
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_of_.find(std::string(name));
  return found == index_of_.end() ? nullptr : &tensors_[found->second];
}

SafetensorsWriter::SafetensorsWriter(const fs::path& path, std::vector<TensorHeader> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : tensors_((require_distinct_names(tensors), std::move(tensors))), file_(path) {
  const std::string header = header_text(tensors_, metadata);
  const uint64_t length = header.size();
  file_.write({reinterpret_cast<const char*>(&length), 8});
  file_.write(header);
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  VITRINE_REQUIRE(next_ < tensors_.size(), "[SafetensorsWriter] more tensors than the ", tensors_.size(), " of the header");
  const TensorHeader& tensor = tensors_[next_++];
  VITRINE_REQUIRE(length_of(tensor) == bytes.size(), "[SafetensorsWriter] ", tensor.name, ": shape ", shape_text(tensor.shape), " of ",
                  name_of(tensor.dtype), " does not take ", bytes.size(), " bytes");
  if (!bytes.empty()) file_.write(as_text(bytes));
}

void SafetensorsWriter::commit() {
  VITRINE_REQUIRE(next_ == tensors_.size(), "[SafetensorsWriter] ", next_, " of ", tensors_.size(), " tensors were written");
  file_.commit();
}

void save_safetensors(const fs::path& path, std::span<const TensorToSave> tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<TensorHeader> headers;
  for (const TensorToSave& tensor : tensors) headers.push_back({tensor.name, tensor.dtype, tensor.shape});
  SafetensorsWriter writer(path, std::move(headers), metadata);
  for (const TensorToSave& tensor : tensors) writer.write(tensor.bytes);
  writer.commit();
}

}  // namespace vitrine::io
