#include "text/segment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace vitrine::text {
namespace {
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class SegmenterTest : public ::testing::Test {
 protected:
  SegmenterTest() : dir_(fs::temp_directory_path() / concat("vitrine_segment_test_", ::getpid())) {}
  ~SegmenterTest() override { fs::remove_all(dir_); }

  Segmenter make(const std::string& dictionary, const std::string& hmm = kHmm) const {
    write_file_atomic(dir_ / "dict.txt", dictionary);
    write_file_atomic(dir_ / "hmm.txt", hmm);
    return Segmenter(dir_ / "dict.txt", dir_ / "hmm.txt");
  }

  static constexpr const char* kHmm =
      "start B -0.5\nstart S -1\ntrans B E -0.5\ntrans E B -0.6\ntrans E S -0.8\ntrans S B -0.7\ntrans S S -0.6\n"
      "emit B 新 -2\nemit S 新 -9\nemit E 词 -2\nemit S 词 -9\n";
  fs::path dir_;
};

TEST_F(SegmenterTest, TheMoreProbablePathWins) {
  EXPECT_EQ(make("连衣 5 n\n连衣裙 100 n\n裙 5 n\n").cut("连衣裙"), (Words{"连衣裙"}));
  EXPECT_EQ(make("乒乓球 50 n\n球拍 1 n\n拍卖 50 n\n乒乓 1 n\n").cut("乒乓球拍卖"), (Words{"乒乓球", "拍卖"}));
}

TEST_F(SegmenterTest, UnknownCharactersAreJoinedByTheHiddenMarkovModel) {
  EXPECT_EQ(make("款 10 n\n").cut("新词"), (Words{"新词"}));
}

TEST_F(SegmenterTest, SingleCharactersThatTogetherAreAKnownWordStaySingle) {
  EXPECT_EQ(make("新词 1 n\n新 1000 n\n词 1000 n\n").cut("新词"), (Words{"新", "词"}));
}

TEST_F(SegmenterTest, SignsAreSingleAndLettersWithDigitsStayTogether) {
  EXPECT_EQ(make("款 10 n\n").cut("！？ab12款"), (Words{"！", "？", "ab12", "款"}));
}

TEST_F(SegmenterTest, ABrokenLineNamesFileAndLine) {
  try {
    make("款 10 n\n裙 many n\n");
    FAIL() << "accepted";
  } catch (const Corrupt& e) {
    EXPECT_NE(std::string(e.what()).find("dict.txt line 2"), std::string::npos) << e.what();
  }
  EXPECT_THROW(make("款 10 n\n", "start X -1\n"), Corrupt);
  EXPECT_THROW(make(""), Corrupt);
  EXPECT_THROW(Segmenter(dir_ / "none", dir_ / "none"), NotFound);
}

}  // namespace
}  // namespace vitrine::text
