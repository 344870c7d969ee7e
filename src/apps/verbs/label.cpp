// vitrine label FILES… | text | settings | log | agreement | request | agree | approve | refuse |
// export | status
//
// Labels are written and proved; no object of this verb takes one away.
#include <filesystem>
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "recipes/label_picture.h"
#include "recipes/label_text.h"
#include "recipes/label_workflow.h"
#include "recipes/picture_workflow.h"
#include "recipes/verify_picture.h"
#include "store/label_log.h"

namespace vitrine::apps {
namespace {

/// What all objects of the verb have.
struct LabelVerb {
  explicit LabelVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::LabelOptions labels;
  VerbOptions options;

  recipes::LabelContext context() const { return recipes::open_labels(labels, system_utc_clock()); }
};

constexpr const char* kPublish = "发布时请主动声明并使用平台的标识功能 (办法第十条第一款)\n";

/// Without an object: pictures.
struct PictureVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  recipes::LabelPicturesConfig config;
  std::vector<std::string> files;

  int run() {
    VerbOptions::require(!files.empty(), "FILES");
    const auto result = recipes::label_pictures(files, config, context());
    if (!common.quiet) {
      std::cerr << "已标识 " << result.labelled << " 张, 原有标识 " << result.kept << " 张, 未导出 "
                << result.rejected << " 张\n"
                << kPublish;
    }
    return result.rejected > 0 ? kSomeRejected : kDone;
  }
};

struct TextVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  recipes::LabelTextConfig config;
  std::vector<std::string> files;

  int run() {
    VerbOptions::require(!files.empty(), "FILES");
    const auto result = recipes::label_texts(files, config, context());
    if (!common.quiet) {
      std::cerr << "已标识 " << result.labelled << " 条, 原有标识 " << result.kept << " 条, 未导出 "
                << result.rejected << " 条\n"
                << kPublish;
    }
    return result.rejected > 0 ? kSomeRejected : kDone;
  }
};

struct SettingsVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  std::string set_producer, set_key_file;
  bool one_person_approval = false;
  int keep_months = store::kDefaultKeepMonths;

  void describe(FieldVisitor& v) {
    v.field("set_producer", set_producer, "name or code of the provider, from now on");
    v.field("set_key_file", set_key_file, "Ed25519 private key (PEM), from now on; none = no key");
    v.field("one_person_approval", one_person_approval,
            "the one who requests an export without explicit label may approve it");
    v.field("keep_months", keep_months, "how long the log of labels is kept, months",
            store::kMinKeepMonths, 1200);
  }

  /// Prints the settings; those that are given are stored first, in a new file where there is none.
  int run() {
    const auto path = recipes::label_settings_path(labels);
    const auto& given = options.given();
    const bool changed = given.contains("set_producer") || given.contains("set_key_file") ||
                         given.contains("one_person_approval") || given.contains("keep_months");
    const bool is_new = changed && !std::filesystem::exists(path);
    auto settings = is_new ? recipes::LabelSettings{} : recipes::read_label_settings(labels);
    if (given.contains("set_producer")) settings.producer = set_producer;
    if (given.contains("set_key_file"))
      settings.key_file = set_key_file == "none" ? "" : set_key_file;
    if (given.contains("one_person_approval")) settings.one_person_approval = one_person_approval;
    if (given.contains("keep_months")) settings.keep_months = keep_months;
    if (changed && !settings.key_file.empty())
      VITRINE_REQUIRE(Ed25519Key::load(settings.key_file).can_sign(),
                      "[label settings] --set-key-file: expected a private key, got ",
                      settings.key_file);
    if (changed) write_file_atomic(path, dump_pretty(config_to_json(settings)));
    log_info("[label settings] ", path.string());
    write_output("-", dump_pretty(config_to_json(settings)));
    return kDone;
  }
};

struct LogVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  bool verify = false, prune = false;
  int keep_months = store::kDefaultKeepMonths;
  std::string output = "-";

  void describe(FieldVisitor& v) {
    v.field("verify", verify, "check the chain of the log; exit code 3 when it is broken");
    v.field("prune", prune, "delete entries that are older than --keep-months");
    v.field("keep_months", keep_months, "months that --prune keeps; default: of the settings",
            store::kMinKeepMonths, 1200);
    v.field("output", output, "file for the entries (JSONL); - = standard output");
  }

  int run() {
    if (verify && prune) throw UsageError("[label log] --verify and --prune: choose one");
    const auto labels_of = context();
    if (prune) return run_prune(labels_of);
    std::string lines;
    const auto state = store::read_label_log(labels_of.log, [&](const Json& entry) {
      if (!verify) lines += dump_line(entry) + "\n";
    });
    if (verify)
      lines = dump_line({{"log", labels_of.log.string()},
                         {"entries", state.entries},
                         {"last_seq", state.last_seq},
                         {"last_sha256", state.last_sha256},
                         {"fault", state.fault},
                         {"result", state.fault.empty() ? "pass" : "fail"}}) +
              "\n";
    write_output(output, lines);
    if (state.fault.empty()) return kDone;
    log_warn("[label log] 标识日志不完整: ", labels_of.log.string(), ": ", state.fault);
    return kSomeRejected;
  }

  int run_prune(const recipes::LabelContext& labels_of) {
    const int months =
        options.given().contains("keep_months") ? keep_months : labels_of.settings.keep_months;
    const int64_t deleted = store::LabelLog(labels_of.log, labels_of.clock).prune(months);
    log_info("[label log] 已清理 ", deleted, " 条 (保留 ", months, " 个月)");
    return kDone;
  }
};

struct AgreementVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  int run() {
    const auto agreement = recipes::shipped_agreement();
    write_output("-", concat(agreement.text, "\n版本值 (SHA-256): ", agreement.sha256, "\n"));
    return kDone;
  }
};

struct RequestVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  std::string master, purpose;
  std::vector<std::string> ids;
  void describe(FieldVisitor& v) {
    v.field("ids", ids,
            "content ids, separated by commas; of a picture the ProduceIDs, empty = all that were "
            "labelled from it");
    v.field("purpose", purpose, "what the texts or the picture are for, in the log");
  }
  int run() {
    VerbOptions::require(!master.empty(), "MASTER");
    const bool picture = recipes::is_picture_file(master);
    const Json request = picture ? recipes::request_picture_export(master, ids, purpose, context())
                                 : recipes::request_export(master, ids, purpose, context());
    write_output("-", dump_line(request) + "\n");
    return kDone;
  }
};

/// The steps that name a request.
struct StepVerb : LabelVerb {
  using LabelVerb::LabelVerb;
  std::string request;
  void print(const Json& result) const { write_output("-", dump_line(result) + "\n"); }
};

struct AgreeVerb : StepVerb {
  using StepVerb::StepVerb;
  std::string accept;
  void describe(FieldVisitor& v) {
    v.field("accept", accept,
            "version of the agreement, at least 12 digits (`vitrine label agreement` prints it)");
  }
  int run() {
    VerbOptions::require(!request.empty(), "REQUEST");
    print(recipes::agree_to_export(request, accept, context()));
    return kDone;
  }
};

using Decide = Json (*)(const std::string&, const std::string&, const recipes::LabelContext&);

template <Decide decide>
struct DecideVerb : StepVerb {
  using StepVerb::StepVerb;
  std::string reason;
  void describe(FieldVisitor& v) { v.field("reason", reason, "why, in the log"); }
  int run() {
    VerbOptions::require(!request.empty(), "REQUEST");
    print(decide(request, reason, context()));
    return kDone;
  }
};

struct ExportVerb : StepVerb {
  using StepVerb::StepVerb;
  std::string output;
  int quality = recipes::PictureLabelConfig{}.quality;
  void describe(FieldVisitor& v) {
    v.field("output", output,
            "file for the texts, JSONL (their implicit labels lie in FILE.aigc.json), or for the "
            "picture");
    v.field("quality", quality, "of a JPEG or WebP picture", 1, 100);
  }
  int run() {
    VerbOptions::require(!request.empty(), "REQUEST");
    VerbOptions::require(!output.empty(), "--output");
    const auto labels_of = context();
    const bool picture = recipes::is_picture_request(request, labels_of);
    recipes::PictureLabelConfig config;
    config.quality = quality;
    print(picture ? recipes::export_picture_by_agreement(request, output, config, labels_of)
                  : recipes::export_by_agreement(request, output, labels_of));
    if (!common.quiet)
      std::cerr << "已导出, 不含显式标识 (依协议); 隐式标识在 " << output
                << (picture ? "" : ".aigc.json") << "\n"
                << kPublish;
    return kDone;
  }
};

struct StatusVerb : StepVerb {
  using StepVerb::StepVerb;
  int run() {
    std::string lines;
    for (const Json& one : recipes::export_requests(request, context()))
      lines += dump_line(one) + "\n";
    write_output("-", lines);
    return kDone;
  }
};

template <typename Verb>
std::shared_ptr<Verb> add_options(CLI::App& command, const char* files) {
  auto verb = std::make_shared<Verb>(command);
  if constexpr (requires(Verb& v, FieldVisitor& visitor) { v.describe(visitor); })
    verb->options.add(*verb);
  if constexpr (requires(Verb& v) { v.config; }) verb->options.add(verb->config);
  verb->options.add(verb->labels);
  verb->options.add_common(verb->common, {});
  if constexpr (requires(Verb& v) { v.files; }) command.add_option("FILES", verb->files, files);
  if constexpr (requires(Verb& v) { v.master; })
    command.add_option("MASTER", verb->master,
                       "JSONL of unlabelled texts, what `write` gave, or an unlabelled picture");
  if constexpr (requires(Verb& v) { v.request; })
    command.add_option("REQUEST", verb->request, "number of the request, rq-…");
  return verb;
}

template <typename Verb>
void add(CLI::App& label, const char* name, const char* help, int& exit_code) {
  CLI::App* command = label.add_subcommand(name, help);
  const auto verb = add_options<Verb>(*command, "JSONL, CSV, TSV, txt or HTML; - = standard input");
  command->callback(
      [verb, &exit_code] { exit_code = verb->options.resolve() ? kDone : verb->run(); });
}

}  // namespace

void register_label(CLI::App& app, int& exit_code) {
  CLI::App* label = app.add_subcommand(
      "label", "write AI labels, their log, and exports by agreement (办法 art. 9)");
  label->require_subcommand(0, 1);
  const auto pictures = add_options<PictureVerb>(*label, "pictures: PNG, JPEG, WebP; GIF is read");
  label->callback([pictures, label, &exit_code] {
    if (label->get_subcommands().empty())
      exit_code = pictures->options.resolve() ? kDone : pictures->run();
  });
  add<TextVerb>(*label, "text", "set the explicit and the implicit label of texts", exit_code);
  add<SettingsVerb>(*label, "settings",
                    "print or store the provider, the key and the rules of this installation",
                    exit_code);
  add<LogVerb>(*label, "log", "print, check or prune the log of labels", exit_code);
  add<AgreementVerb>(*label, "agreement", "print the agreement that assigns the duty to label",
                     exit_code);
  add<RequestVerb>(*label, "request", "step 1: ask for an export without explicit label",
                   exit_code);
  add<AgreeVerb>(*label, "agree", "step 2: the account owner accepts the agreement", exit_code);
  add<DecideVerb<recipes::approve_export>>(*label, "approve", "step 3: another person approves",
                                           exit_code);
  add<DecideVerb<recipes::refuse_export>>(*label, "refuse", "step 3: or refuses", exit_code);
  add<ExportVerb>(*label, "export",
                  "step 4: write the requested texts from their unlabelled master", exit_code);
  add<StatusVerb>(*label, "status", "the requests and their states", exit_code);
}

}  // namespace vitrine::apps
