// store/library.h - presets (factors under a name) and boards (collections of candidates). The
// client makes their ids; putting one again replaces it.
#pragma once
#include <string>
#include <vector>

#include "store/of_shop.h"

namespace vitrine::store {

struct Preset {
  std::string id, name;
  Document factors;
};

class Presets : public OfShop {
 public:
  using OfShop::OfShop;
  void put(const Preset& preset);
  bool remove(const std::string& id);  // false when there is none
  std::vector<Preset> list();          // by name, in the order of bytes
};

struct Board {
  std::string id, name;
  std::vector<std::string> candidate_ids;  // each once
};

class Boards : public OfShop {
 public:
  using OfShop::OfShop;
  /// Throws InvalidInput for a candidate that the shop does not have or that comes twice.
  void put(const Board& board);
  bool remove(const std::string& id);  // the board, not its candidates; false when there is none
  std::vector<Board> list();           // by name, in the order of bytes
};

}  // namespace vitrine::store
