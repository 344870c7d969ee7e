#include "recipes/train_tagger.h"

#include <algorithm>
#include <map>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/resource.h"
#include "copywriting/claim_tagger.h"
#include "copywriting/copy_model.h"
#include "models/bert/module.h"
#include "recipes/evaluate_tagger.h"
#include "recipes/tagger_vocabulary.h"
#include "recipes/training_rows.h"
#include "text/utf8.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using copywriting::MentionTable;
using copywriting::MentionedText;
using copywriting::TaggerDraw;
using copywriting::TaggerEncoding;
using copywriting::TaggerLabels;
using copywriting::TaggerTrainingSet;

/// F1 needs an even threshold; use needs a careful one (its default).
const copywriting::ClaimTaggerConfig kMeasuredWith{.support_threshold = 0.5};
constexpr size_t kWatchedTexts = 120;  // validation texts that each epoch is measured on

/// Rows with copy in two parts that share no product.
struct TaggerRows {
  std::vector<data::Product> training, validation;
  std::string data_sha256, validation_sha256;  // of the unpacked files
  std::string licence;
  int64_t rejected = 0;
};

TaggerRows prepare_rows(const fs::path& data_path, const fs::path& validation_path,
                        const TrainTaggerConfig& config) {
  TaggerRows rows;
  auto [products, report, sha256] = read_training_rows("train tagger", data_path);
  rows.data_sha256 = sha256;
  rows.rejected = report.rows_rejected;
  rows.licence = licence_of(products, data_file(data_path));
  if (!validation_path.empty()) {
    auto held_out = read_training_rows("train tagger", validation_path);
    rows.validation_sha256 = held_out.sha256;
    rows.rejected += held_out.report.rows_rejected;
    rows.validation = std::move(held_out.products);
    rows.training = std::move(products);
    return rows;
  }
  for (auto& product : products) {
    auto& part = is_held_out(product, config.validation_share) ? rows.validation : rows.training;
    part.push_back(std::move(product));
  }
  return rows;
}

std::vector<train::Example> to_examples(std::vector<copywriting::TaggerExample> drawn) {
  std::vector<train::Example> examples;
  for (auto& one : drawn) {
    train::Example example;
    example.input_ids = std::move(one.input_ids);
    example.token_type_ids = std::move(one.token_type_ids);
    example.classes = std::move(one.classes);
    examples.push_back(std::move(example));
  }
  return examples;
}

class DrawnExamples : public train::ExampleSource {
 public:
  explicit DrawnExamples(const TaggerTrainingSet& set) : set_(set) {}
  std::vector<train::Example> epoch(int, RandomKey key) override {
    return to_examples(set_.epoch(key));
  }

 private:
  const TaggerTrainingSet& set_;
};

/// The keys of the table that spans can have.
std::vector<std::string> span_keys(const MentionTable& table) {
  auto keys = table.keys();
  std::erase(keys, copywriting::kTypeKey);
  return keys;
}

models::BertConfig model_config(const TrainTaggerConfig& config, int32_t vocab_size,
                                const TaggerLabels& labels) {
  models::BertConfig model;
  model.vocab_size = vocab_size;
  model.hidden_size = config.hidden_size;
  model.num_hidden_layers = config.num_hidden_layers;
  model.num_attention_heads = config.num_attention_heads;
  model.intermediate_size = config.intermediate_size;
  model.max_position_embeddings = config.max_position_embeddings;
  model.type_vocab_size = TaggerEncoding::kTokenTypes;
  model.id2label = labels.names();
  return model;
}

/// A size that the user gave is not silently another one.
TrainTaggerConfig with_sizes_of(TrainTaggerConfig config, const models::BertConfig& model) {
  const std::map<std::string, std::pair<int*, int64_t>> sizes = {
      {"num_hidden_layers", {&config.num_hidden_layers, model.num_hidden_layers}},
      {"hidden_size", {&config.hidden_size, model.hidden_size}},
      {"num_attention_heads", {&config.num_attention_heads, model.num_attention_heads}},
      {"intermediate_size", {&config.intermediate_size, model.intermediate_size}},
      {"max_position_embeddings",
       {&config.max_position_embeddings, model.max_position_embeddings}}};
  for (const auto& [name, size] : sizes) {
    if (config.given.contains(name) && *size.first != size.second) {
      throw UsageError(concat("[train tagger] ", name, ": ", *size.first, " was given, but ",
                              config.init, " has ", size.second, ", which --init keeps"));
    }
    *size.first = static_cast<int>(size.second);
  }
  return config;
}

/// One labelled span for each mark, as the table has it; draws that cannot be judged are left out.
std::vector<eval::TaggerSentence> marked_sentences(const TaggerTrainingSet& set, bool held_out,
                                                   const MentionTable& table, RandomKey key) {
  std::vector<eval::TaggerSentence> sentences;
  for (size_t i = 0; i < set.texts().size(); ++i) {
    RandomStream random(key.fold_in(i));
    const TaggerDraw draw = set.draw(i, true, held_out, random);
    if (!draw.mark) continue;
    eval::TaggerSentence sentence{std::to_string(i), text::to_utf8(draw.text.text), {}, {}};
    eval::TaggerSpanLabel span{draw.mark->begin, draw.mark->end, "", {}};
    bool unclear = false;
    for (size_t a = 0; a < draw.text.attributes.size(); ++a) {
      const auto& [attribute_key, val] = draw.text.attributes[a];
      sentence.attributes.push_back({std::to_string(a), attribute_key, val});
      const auto relation = set.relation(draw, a);
      unclear = unclear || relation == copywriting::Relation::unclear;
      if (relation == copywriting::Relation::supports && !span.attribute_idx) {
        span.attribute_idx = a;
      }
    }
    const auto is_new_spelling = [&](const eval::TaggerAttributeLabel& attribute) {
      const auto out = table.spellings(
          attribute.key, text::to_utf8(table.canonical(attribute.key, attribute.val)), true);
      return std::find(out.begin(), out.end(), attribute.val) != out.end();
    };
    if (unclear) continue;
    if (held_out &&
        !(span.attribute_idx && is_new_spelling(sentence.attributes[*span.attribute_idx]))) {
      continue;
    }
    sentence.spans.push_back(span);
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

/// The whole texts with every mention that has a label.
std::vector<eval::TaggerSentence> whole_sentences(const std::vector<MentionedText>& texts,
                                                  const MentionTable& table) {
  std::vector<eval::TaggerSentence> sentences;
  for (size_t i = 0; i < texts.size(); ++i) {
    const MentionedText& text = texts[i];
    eval::TaggerSentence sentence{std::to_string(i), text::to_utf8(text.text), {}, {}};
    for (const auto& attribute : text.attributes) {
      sentence.attributes.push_back(
          {std::to_string(sentence.attributes.size()), attribute.key, attribute.val});
    }
    for (const auto& mention : text.mentions) {
      if (mention.key.empty() || mention.key == copywriting::kTypeKey || mention.held_out) continue;
      eval::TaggerSpanLabel span{mention.range.begin, mention.range.end, mention.key, {}};
      const auto spelled = copywriting::fold_code_points(std::u32string_view(text.text).substr(
          span.begin, span.end - span.begin));
      for (size_t a = 0; a < text.attributes.size() && !span.attribute_idx; ++a) {
        const auto& [key, val] = text.attributes[a];
        if (table.relation(spelled, key, val) == copywriting::Relation::supports) {
          span.attribute_idx = a;
        }
      }
      sentence.spans.push_back(std::move(span));
    }
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

/// The validation texts in the forms they are asked about.
struct ValidationSentences {
  std::vector<eval::TaggerSentence> whole, marked, held_out;
};

Json score_json(copywriting::ClaimTagger& tagger, const ValidationSentences& sentences) {
  Json metrics = Json::object();
  const auto score = [&](const char* name, const std::vector<eval::TaggerSentence>& part) {
    if (part.empty()) return;
    const auto scores = eval::score_tagger(part, predict(tagger, part));
    const Json json = eval::to_json(scores);
    if (std::string_view(name) == "validation") {
      metrics["spans"] = json["spans"];
      metrics["spans_by_key"] = json["spans_by_key"];
      metrics["evidence"] = json["evidence"];
      metrics["evidence_literal"] = json["evidence_literal"];
      metrics["evidence_non_literal"] = json["evidence_non_literal"];
      log_info("validation texts\n", eval::table_of(scores));
    } else {
      metrics[name] = {{"evidence", json["evidence"]},
                       {"literal", json["evidence_literal"]},
                       {"non_literal", json["evidence_non_literal"]}};
      const auto& counts = scores.evidence.counts;
      log_info(name, ": precision ", counts.precision(), ", recall ", counts.recall(), ", ",
               counts.labelled, " labelled");
    }
  };
  score("validation", sentences.whole);
  score("evidence_changed", sentences.marked);
  score("evidence_held_out_synonyms", sentences.held_out);
  return metrics;
}

/// What the model is made of besides its weights.
struct Record {
  const TrainTaggerConfig& config;
  const TaggerRows& rows;
  Json init;  // name and weights_sha256; null = from scratch
  std::string tokenizer_sha256;
};

void save_model(const models::BertTagger& model, const fs::path& directory, const Record& record,
                const Json& metrics) {
  const bool float32 = record.config.save_dtype == "float32";
  model.save(directory, float32 ? models::ComputeType::float32 : models::ComputeType::bfloat16,
             {{"format", "pt"},
              {"data_sha256", record.rows.data_sha256},
              {"data_licence", record.rows.licence}});
  Json manifest = manifest_of(copywriting::kTaggerModelKind);
  manifest.update({{"tokenizer_sha256", record.tokenizer_sha256},
                   {"init", record.init},
                   {"settings", config_to_json(record.config)},
                   {"data",
                    {{"sha256", record.rows.data_sha256},
                     {"licence", record.rows.licence},
                     {"training_rows", record.rows.training.size()},
                     {"validation_rows", record.rows.validation.size()}}},
                   {"metrics", metrics}});
  write_file_atomic(directory / kManifestName, dump_pretty(manifest));
}

/// F1 on some validation texts with the weights as they are, for the log and the run page.
std::vector<std::string> watch(const models::BertTagger& model, const fs::path& directory,
                               const Record& record, const ValidationSentences& sentences) {
  if (sentences.whole.empty()) return {};
  save_model(model, directory, record, Json::object());
  auto tagger = copywriting::ClaimTagger::load(directory, kMeasuredWith);
  const auto f1 = [&](const std::vector<eval::TaggerSentence>& part, bool of_spans) {
    const std::vector<eval::TaggerSentence> some(
        part.begin(),
        part.begin() + static_cast<std::ptrdiff_t>(std::min(kWatchedTexts, part.size())));
    if (some.empty()) return 0.0;
    const auto scores = eval::score_tagger(some, predict(tagger, some), {.resamples = 1});
    return (of_spans ? scores.spans : scores.evidence).counts.f1();
  };
  std::string line = concat("F1 on validation texts: spans ", f1(sentences.whole, true),
                            ", evidence ", f1(sentences.marked, false), ", held-out synonyms ",
                            f1(sentences.held_out, false));
  log_info(line);
  return {std::move(line)};
}

/// What the result depends on besides the run's own settings.
Json settings_of(const Record& record) {
  Json settings = config_to_json(record.config);
  settings.erase("init");  // by its content
  settings["init_sha256"] = record.init.is_null() ? Json() : record.init["weights_sha256"];
  settings["tokenizer_sha256"] = record.tokenizer_sha256;
  settings["data_sha256"] = record.rows.data_sha256;
  settings["validation_sha256"] = record.rows.validation_sha256;
  return settings;
}

void copy_own_files(const fs::path& from, const fs::path& to) {
  for (const std::string_view name : copywriting::kTaggerModelFiles) {
    if (fs::exists(from / name) && !name.starts_with("packed-")) {
      fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
    }
  }
}

fs::path vocabulary_file(const TrainTaggerConfig& config) {
  return config.vocabulary.empty() ? resource_path("data/advertisegen/attribute_vocab.tsv")
                                   : fs::path(config.vocabulary);
}

/// Puts the tokenizer of the new model into `work`.
void prepare_tokenizer(const fs::path& work, const fs::path& init, const TaggerRows& rows,
                       const TrainTaggerConfig& config) {
  fs::remove_all(work);  // of a run that was stopped
  fs::create_directories(work);
  if (!init.empty()) {
    copy_own_files(init, work);
  } else {
    write_tagger_vocabulary(work, rows.training, vocabulary_file(config), config.min_frequency);
  }
}

models::BertTagger first_model(const fs::path& init, const TrainTaggerConfig& config,
                               int32_t vocab_size, const TaggerLabels& labels,
                               const at::Device& device) {
  if (!init.empty()) return models::BertTagger::load(init, device);
  models::BertTagger model(model_config(config, vocab_size, labels), device);
  model.initialize(RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"));
  return model;
}

}  // namespace

void TrainTaggerConfig::validate() const {
  check_config(*this, "train tagger");
  train.validate();
  VITRINE_REQUIRE(hidden_size % num_attention_heads == 0,
                  "[train tagger] hidden_size: expected a multiple of num_attention_heads ",
                  num_attention_heads, ", got ", hidden_size);
  VITRINE_REQUIRE(train.attn_pdrop == 0, "[train tagger] attn_pdrop: expected 0, got ",
                  train.attn_pdrop);
}

bool train_tagger(const fs::path& data_path, const fs::path& validation_path,
                  const std::string& output, const TrainTaggerConfig& given_config,
                  const std::string& device_name) {
  const at::Device device(device_name);
  given_config.validate();
  const std::vector<std::string> inputs = {data_file(data_path).string(),
                                           data_file(validation_path).string()};
  check_inputs("train tagger", inputs);
  const fs::path place =
      require_artefact_place("train tagger", output, copywriting::kTaggerModelKind, inputs);
  const fs::path init =
      given_config.init.empty() ? fs::path() : copywriting::find_model(given_config.init);
  const TrainTaggerConfig config =
      init.empty() ? given_config : with_sizes_of(given_config, models::read_bert_config(init));
  train::RunFolder run("train tagger", place.string() + ".run");
  const TaggerRows rows = prepare_rows(data_path, validation_path, config);
  const auto table = MentionTable::load(vocabulary_file(config), config.held_out_synonyms);
  auto texts = copywriting::mentioned_texts(rows.training, table);
  VITRINE_REQUIRE(!texts.empty(), "[train tagger] ", data_path.string(),
                  ": no row with copy is left to train on");
  log_info("rows: ", texts.size(), " to train on, ", rows.validation.size(), " to validate on");

  const fs::path work = run.model();
  prepare_tokenizer(work, init, rows, config);
  const auto tokenizer = text::load_tokenizer(work);
  const TaggerEncoding encoding(*tokenizer);
  const TaggerLabels labels =
      init.empty() ? TaggerLabels(span_keys(table))
                   : TaggerLabels::from_names(models::read_bert_config(init).id2label,
                                              (init / "config.json").string());
  const auto positions = static_cast<size_t>(config.max_position_embeddings);
  const TaggerTrainingSet training(std::move(texts), table, encoding, labels, positions,
                                   config.draw);
  const TaggerTrainingSet held_out(copywriting::mentioned_texts(rows.validation, table), table,
                                   encoding, labels, positions, config.draw);
  const RandomKey key(17);  // the validation set is the same for every seed
  const ValidationSentences sentences{
      whole_sentences(held_out.texts(), table),
      marked_sentences(held_out, false, table, key.fold_in("changed")),
      marked_sentences(held_out, true, table, key.fold_in("held out"))};

  models::BertTagger model =
      first_model(init, config, tokenizer->vocab_size(), labels, device);
  log_info("model: ", model.parameters().numel(), " parameters, vocabulary ",
           tokenizer->vocab_size(), ", ", labels.keys().size(), " keys");
  const Json init_json =
      init.empty() ? Json() : Json{{"name", config.init}, {"weights_sha256", weights_sha256(init)}};
  const Record record{config, rows, init_json, tokenizer->sha256()};
  DrawnExamples source(training);
  train::TrainHooks hooks;
  hooks.settings = settings_of(record);
  hooks.samples = [&](const train::EpochReport&) { return watch(model, work, record, sentences); };
  const auto result =
      train::train(model, config.train, source, {to_examples(held_out.epoch(key)), 0},
                   run.path(), hooks);
  if (!result.complete) throw Cancelled(concat("[train tagger] stopped by the limit, state saved in ", run.path().string(), "; the same command goes on"));
  save_model(model, work, record, Json::object());
  auto tagger = copywriting::ClaimTagger::load(work, kMeasuredWith);
  Json metrics = score_json(tagger, sentences);
  metrics["validation_nats_per_label"] =
      result.validation_loss ? Json(*result.validation_loss) : Json(nullptr);
  metrics["epochs_used"] = result.epochs_used;
  save_model(model, work, record, metrics);
  write_file_atomic(work / "metrics.json", dump_pretty(metrics));
  ArtefactFolder finished(place, copywriting::kTaggerModelKind);
  copy_own_files(work, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) {
    if (fs::exists(run.path() / name)) {
      fs::copy_file(run.path() / name, finished.path() / name,
                    fs::copy_options::overwrite_existing);
    }
  }
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return rows.rejected == 0;
}

}  // namespace vitrine::recipes
