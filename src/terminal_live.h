// The live display: finished steps as ordinary lines, below them what runs, redrawn in place.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/terminal_events.h"

namespace encamp {

/// Redraws at most every 50 ms when something happens and every 200 ms for the clocks.
class LiveDisplay : public EventDisplay {
 public:
  LiveDisplay(OutputStream& output, Clock& clock);
  ~LiveDisplay() override;

  void on(const Event& event) override;
  const Progress& progress() const override { return progress_; }
  void finish() override;

 private:
  void run(const std::stop_token& stop);
  void draw(const std::vector<std::string>& frame);  // REQUIRES: mutex_ is held.
  Progress::Time now() const;

  OutputStream& output_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_:
  Progress progress_;
  std::string above_;               // Lines that wait to be printed.
  std::vector<std::string> shown_;  // The frame on the screen.
  bool finished_ = false;
  bool news_ = false;

  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace encamp
