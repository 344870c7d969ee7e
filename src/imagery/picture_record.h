// imagery/picture_record.h - how a picture was made: written into its file, and read again from
// what this and other programs wrote. docs/formats/picture_metadata.md has the fields.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/picture_metadata.h"

namespace vitrine::imagery {

inline constexpr std::string_view kRecordKey = "vitrine";  // PNG text
inline constexpr std::string_view kRecordSpace =
    "urn:vitrine:picture:1/";  // XMP property `record` of other files
inline constexpr std::string_view kRecordName = "record";
inline constexpr std::string_view kParametersKey = "parameters";

/// Our own record. Nothing when there is none; one that is no JSON object is left aside with a
/// warning.
std::optional<Json> read_record(const io::PictureMetadata& metadata, std::string_view name);

/// The text "parameters": PNG text, else the UserComment when it is no label.
std::optional<std::string> read_parameters(const io::PictureMetadata& metadata);

/// The record's settings as the text "parameters"; "" for a record without prompt.
std::string parameters_of(const Json& record);

/// A weights file that a picture was made with.
struct UsedFile {
  std::string file;    // its name, without folders
  std::string sha256;  // or its first digits; may be empty
  double weight = 1;   // of an adapter
};

/// The name of a file without its folders; "" for one that is none, such as "..". Settings out of a file never name a place to
/// read from.
std::string bare_name(const std::string& path);

/// What repeats a picture, by the names of `vitrine draw`.
struct RestoredSettings {
  std::string source = {};  // "vitrine", "a1111", "comfyui"
  std::string prompt = {}, negative_prompt = {};
  std::optional<int64_t> seed = {}, steps = {}, width = {}, height = {}, index = {};
  std::optional<double> guidance_scale = {};
  std::string scheduler = {};  // of draw's list; "" = another one, named in `other`
  bool use_karras_sigmas = false;          // only where draw's scheduler has them
  std::optional<double> strength = {};     // of the image
  std::optional<bool> vae_tiling = {};
  std::string dtype = {};                  // float32 | bfloat16; "" = not said
  std::optional<UsedFile> image = {}, mask = {}, latents = {};  // what the picture began with
  UsedFile model = {};                                          // sha256: of the UNet
  std::map<std::string, std::string> model_parts = {};          // hashes of its other parts, by the record's names
  std::vector<UsedFile> adapters = {};
  std::string size_label = {};  // imagery/size_label.h; "" = not said
  Json other = Json::object();  // settings without a name here, as they stand in the file
};

/// From our own record, else from "parameters", else from ComfyUI's "prompt". Nothing when the file
/// has none of them. Broken JSON is left aside with a warning. Throws nothing for any metadata.
std::optional<RestoredSettings> restore_settings(const io::PictureMetadata& metadata,
                                                 std::string_view name);

}  // namespace vitrine::imagery
