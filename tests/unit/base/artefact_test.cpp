#include "base/artefact.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"

namespace vitrine {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kFiles[] = {"rows.jsonl", "old_name.tsv", "parts", kManifestName};
constexpr ArtefactKind kKind{"rows", kFiles};
constexpr ArtefactKind kOtherKind{"model", kFiles};

class ArtefactTest : public ::testing::Test {
 protected:
  ArtefactTest() : dir_(fs::temp_directory_path() / concat("vitrine_artefact_test_", ::getpid())) { fs::create_directories(dir_); }
  ~ArtefactTest() override { fs::remove_all(dir_); }

  fs::path place(const ArtefactKind& kind = kKind) const { return require_artefact_place("make", (dir_ / "out").string(), kind); }
  void make(const std::string& rows) const {
    ArtefactFolder folder(place(), kKind);
    fill(folder, rows);
    folder.commit();
  }
  static void fill(const ArtefactFolder& folder, const std::string& rows) {
    write_file_atomic(folder.path() / "rows.jsonl", rows);
    write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest_of(kKind)));
  }
  std::string refusal(const std::string& output, const ArtefactKind& kind = kKind, std::vector<std::string> inputs = {}) const {
    try {
      require_artefact_place("make", output, kind, inputs);
      return "accepted";
    } catch (const UsageError& e) {
      return e.what();
    }
  }
  std::string out() const { return (dir_ / "out").string(); }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(dir_), fs::directory_iterator())); }
  fs::path dir_;
};

TEST_F(ArtefactTest, AnEarlierArtefactIsReplacedInItsOwnFilesOnly) {
  make("one");
  write_file_atomic(dir_ / "out/README.md", "by hand");
  write_file_atomic(dir_ / "out/notes/a.txt", "by hand too");
  fs::create_symlink("README.md", dir_ / "out/link");
  write_file_atomic(dir_ / "out/old_name.tsv", "of an older version");
  fs::create_directories(dir_ / "out/parts/1");
  make("two");
  EXPECT_EQ(read_file(dir_ / "out/rows.jsonl"), "two");
  EXPECT_EQ(read_file(dir_ / "out/README.md"), "by hand");
  EXPECT_EQ(read_file(dir_ / "out/notes/a.txt"), "by hand too");
  EXPECT_TRUE(fs::is_symlink(dir_ / "out/link"));
  EXPECT_FALSE(fs::exists(dir_ / "out/old_name.tsv"));
  EXPECT_FALSE(fs::exists(dir_ / "out/parts"));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(ArtefactTest, AnUncommittedFolderLeavesTheOldOneAsItWas) {
  make("one");
  { fill(ArtefactFolder(place(), kKind), "half"); }
  EXPECT_EQ(read_file(dir_ / "out/rows.jsonl"), "one");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(ArtefactTest, AFailedCommitLeavesTheOldOneAsItWas) {
  make("one");
  ArtefactFolder folder(place(), kKind);
  fs::remove_all(folder.path());  // so that no rename can succeed
  EXPECT_THROW(folder.commit(), IoError);
  EXPECT_EQ(read_file(dir_ / "out/rows.jsonl"), "one");
}

TEST_F(ArtefactTest, AFolderOfOtherFilesIsRefused) {
  write_file_atomic(dir_ / "out/thesis.doc", "years of work");
  EXPECT_EQ(refusal(out()), "[make] --output: " + out() + " holds other files; choose another folder");
  write_file_atomic(dir_ / "out/vitrine.json", "[7]");
  EXPECT_NE(refusal(out()).find("holds other files"), std::string::npos);
}

TEST_F(ArtefactTest, AnotherKindAFileAndStandardOutputAreRefused) {
  make("one");
  EXPECT_NE(refusal(out(), kOtherKind).find("kind 'rows', not 'model'"), std::string::npos);
  EXPECT_NE(refusal(out() + "/rows.jsonl").find("is a file"), std::string::npos);
  const std::string below = out() + "/rows.jsonl/new/sub", file = fs::weakly_canonical(out() + "/rows.jsonl").string();
  EXPECT_EQ(refusal(below), "[make] --output: " + below + " lies below " + file + ", which is a file; choose another folder");
  EXPECT_EQ(refusal((dir_ / "new/sub").string()), "accepted");
  EXPECT_NE(refusal("-").find("standard output"), std::string::npos);
  EXPECT_NE(refusal("").find("no folder given"), std::string::npos);
}

TEST_F(ArtefactTest, AnInputThatWouldBeReplacedIsRefused) {
  make("one");
  fs::create_hard_link(dir_ / "out/rows.jsonl", dir_ / "other_name.jsonl");
  EXPECT_NE(refusal(out(), kKind, {(dir_ / "other_name.jsonl").string()}).find("holds the input"), std::string::npos);
  EXPECT_EQ(refusal(out(), kKind, {"-", "", "/nowhere"}), "accepted");
}

TEST_F(ArtefactTest, ASlashAtTheEndAndLinksGiveTheFolderItself) {
  EXPECT_EQ(require_artefact_place("make", out() + "/", kKind), fs::weakly_canonical(dir_ / "out"));
  EXPECT_EQ(require_artefact_place("make", out() + "//./", kKind), fs::weakly_canonical(dir_ / "out"));
  make("one");
  fs::create_directory_symlink("out", dir_ / "link");
  EXPECT_EQ(require_artefact_place("make", (dir_ / "link/").string(), kKind), fs::canonical(dir_ / "out"));
}

TEST_F(ArtefactTest, AnEmptyFolderIsFilled) {
  fs::create_directory(dir_ / "out");
  make("one");
  EXPECT_EQ(read_file(dir_ / "out/rows.jsonl"), "one");
  EXPECT_EQ(read_json_file(dir_ / "out/vitrine.json"), (Json{{"kind", "rows"}, {"program", "vitrine"}, {"version", program_version()}}));
}

}  // namespace
}  // namespace vitrine
