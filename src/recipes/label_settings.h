// recipes/label_settings.h - who produces and who acts: what all verbs about labels share.
//
// The installation's settings lie in $XDG_CONFIG_HOME/vitrine/labels.json
// (~/.config/vitrine/labels.json), the log of labels in $XDG_STATE_HOME/vitrine/labels.jsonl
// (~/.local/state/vitrine/labels.jsonl).
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/signature.h"
#include "base/utc_time.h"
#include "store/label_log.h"

namespace vitrine::recipes {

/// The file of the installation.
struct LabelSettings {
  std::string producer;
  std::string key_file;
  bool one_person_approval = false;
  int keep_months = store::kDefaultKeepMonths;

  void describe(FieldVisitor& v) {
    v.field("producer", producer,
            "服务提供者名称或编码 (ContentProducer): name or code of the provider");
    v.field("key_file", key_file,
            "Ed25519 private key (PEM) that signs integrity values; empty = none");
    v.field("one_person_approval", one_person_approval,
            "the one who requests an export without explicit label may approve it");
    v.field("keep_months", keep_months, "how long the log of labels is kept, months",
            store::kMinKeepMonths, 1200);
  }
};

/// The options of every verb about labels. Empty = environment, settings file, then the default.
struct LabelOptions {
  std::string settings, producer, key_file, log, who;

  void describe(FieldVisitor& v) {
    v.field("settings", settings,
            "settings file; empty = that of the installation (~/.config/vitrine/labels.json)");
    v.field("producer", producer,
            "name or code of the provider; empty = $VITRINE_PRODUCER, then the settings file");
    v.field(
        "key_file", key_file,
        "Ed25519 key (PEM) that signs or checks integrity values; empty = of the settings file");
    v.field(
        "log", log,
        "log of labels; empty = that of the installation (~/.local/state/vitrine/labels.jsonl)");
    v.field("who", who, "person in the log; empty = the user of this process");
  }
};

/// Options, environment and settings file together.
struct LabelContext {
  std::string producer;  // may be empty
  std::optional<Ed25519Key> key;
  std::filesystem::path log;
  std::string who;
  LabelSettings settings;
  UtcClock clock;

  const Ed25519Key* key_or_null() const { return key ? &*key : nullptr; }
};

/// The settings file in use: options.settings, else that of the installation.
std::filesystem::path label_settings_path(const LabelOptions& options);
/// All defaults when the installation has no file. Throws NotFound when options.settings is not
/// there, InvalidInput, Corrupt.
LabelSettings read_label_settings(const LabelOptions& options);
/// Throws what read_label_settings and Ed25519Key::load throw.
LabelContext open_labels(const LabelOptions& options, UtcClock clock);

/// Throws InvalidInput (LBL_NO_PRODUCER) when nobody has said who the provider is.
void require_producer(const LabelContext& context);

}  // namespace vitrine::recipes
