// What the engine tells while it works. It prints nothing itself.
#pragma once

#include <string>
#include <vector>

#include "engine/description/value.h"

namespace encamp {

struct Event {
  enum class Kind {
    PlanMade,        ///< `count` actions are to be done.
    ActionStarted,   ///< `verb` says which: create, update, replace, remove, test.
    ActionProgress,  ///< `text`: what it is at.
    ActionRetried,   ///< `text`: why; `count`: attempt that follows.
    ActionDone,      ///< `took`.
    ActionFailed,    ///< `text`: the error with its context, `detail`, `hint`.
    ActionSkipped,   ///< `text`: because of which failure.
    TestPassed,
    TestFailed,  ///< `text`: what was expected and what was seen; `detail`.
    Note,        ///< `text` for people.
  };

  Kind kind = Kind::Note;
  Address address;
  std::string verb;
  std::string text;
  std::string detail;
  std::string hint;
  Duration took{0};
  int count = 0;
};

/// Threads: any, at the same time; must not block for long.
class Events {
 public:
  virtual ~Events() = default;
  virtual void on(const Event& event) = 0;
};

}  // namespace encamp
