// store/models.h - models of a shop, which of them serve, and the rounds of learning that made
// them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/of_shop.h"

namespace vitrine::store {

enum class ModelKind { copy, ranker, tagger, pictures };
template <>
struct EnumWords<ModelKind> {
  static constexpr std::string_view words[] = {"copy", "ranker", "tagger", "pictures"};
};

/// former: served before; the one promoted last is what a rollback takes. candidate: never served,
/// or was rolled back.
enum class ModelState { serving, former, candidate };
template <>
struct EnumWords<ModelState> {
  static constexpr std::string_view words[] = {"serving", "former", "candidate"};
};

struct Model {
  std::string id, name;
  ModelKind kind = ModelKind::copy;
  std::string folder;  // where its files are
  std::string sha256;  // of its weights
  int64_t size_bytes = 0;
  int round = 0;
  UtcMillis created_at{};
  // The store fills these:
  ModelState state = ModelState::candidate;
  std::optional<bool> gate_passed;
  Document gate;  // empty = none yet
  std::optional<UtcMillis> promoted_at, rolled_back_at;
};

enum class Promoted { done, not_found, gate_not_passed };

/// At most one model of a kind serves a shop.
class Models : public OfShop {
 public:
  using OfShop::OfShop;

  /// Adds a candidate. Throws InvalidInput when the id is taken.
  void add(const Model& model);
  /// Adds the model that comes with the program: it serves at once, without a gate, when none of
  /// its kind does; else it is a candidate.
  void add_first(const Model& model);
  std::optional<Model> find(const std::string& id);
  std::optional<Model> serving(ModelKind kind);
  std::vector<Model> list();                                                // newest first
  bool set_gate(const std::string& id, bool passed, const Document& gate);  // false = no such model

  /// Lets a model serve whose gate passed, in place of the one of its kind that does. One that
  /// serves already: done.
  Promoted promote(const std::string& id, UtcMillis now);
  /// Takes a serving model back; the former one that was promoted last serves again. That one, or
  /// nothing when `id` does not serve or there is none before it (then nothing changes).
  std::optional<Model> roll_back(const std::string& id, UtcMillis now);

 private:
  void hold(const std::string& id);
};

struct Round {
  std::string id;
  int number = 0;  // from 1, once in a shop
  std::string job_id, objective;
  int64_t picks = 0, pairs = 0;
  std::string model_id;  // empty = none came out (yet)
  std::vector<std::string> alarms;
  UtcMillis started_at{};
  std::optional<UtcMillis> ended_at;
};

class Rounds : public OfShop {
 public:
  using OfShop::OfShop;
  /// Adds it under the next number, which it returns; `number` is passed over. Throws InvalidInput
  /// for a job that the shop does not have.
  int add(const Round& round);
  /// Picks, pairs, model, alarms and end; false when there is no such round.
  bool change(const Round& round);
  std::vector<Round> list();  // newest first
};

}  // namespace vitrine::store
