/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-pacs-session.hpp"

#include <signal.h>

namespace pacs
{

Job::Job (const OssPacsPeer *peer) : its_peer (oss_pacs_peer_copy (peer))
{
}

Job::~Job ()
{
  oss_pacs_peer_free (its_peer);
  g_clear_error (&failure);
}

std::shared_ptr<Link>
Job::new_link ()
{
  std::lock_guard<std::mutex> guard (lock);
  link = std::make_shared<Link> ();
  phase = Phase::connecting;
  phase_start = g_get_monotonic_time ();
  if (cancelled || late)
    link->end ();
  return link;
}

void
Job::talking ()
{
  std::lock_guard<std::mutex> guard (lock);
  phase = Phase::talking;
}

bool
Job::stopped () const
{
  std::lock_guard<std::mutex> guard (lock);
  return cancelled || late;
}

void
Job::report (double new_fraction, const char *new_what)
{
  std::lock_guard<std::mutex> guard (lock);
  fraction = new_fraction;
  if (new_what != nullptr)
    what = new_what;
  news = true;
}

bool
Job::pause (guint milliseconds)
{
  std::unique_lock<std::mutex> guard (lock);
  changed.wait_for (guard, std::chrono::milliseconds (milliseconds), [this] { return cancelled || late; });
  return !cancelled && !late;
}

bool
Job::finished () const
{
  std::lock_guard<std::mutex> guard (lock);
  return done;
}

OssTick
Job::tick ()
{
  return oss_tick_make (nullptr, nullptr, &stop);
}

gpointer
Job::thread (gpointer data)
{
  std::unique_ptr<std::shared_ptr<Job>> job (static_cast<std::shared_ptr<Job> *> (data));
  Job &self = **job;
  GError *error = nullptr;
  sigset_t all;

  sigfillset (&all); /* a write to a closed connection raises SIGPIPE on the thread that writes */
  pthread_sigmask (SIG_BLOCK, &all, nullptr);
  bool ok = guarded<bool> (&error, false, [&] { return self.body (self, &error); });
  self.body = nullptr;
  std::lock_guard<std::mutex> guard (self.lock);
  self.good = ok;
  self.failure = error;
  self.done = true;
  self.changed.notify_all ();
  return nullptr;
}

bool
Job::wait (std::unique_lock<std::mutex> &guard, guint milliseconds)
{
  return changed.wait_for (guard, std::chrono::milliseconds (milliseconds), [this] { return done; });
}

void
Job::end_link (std::unique_lock<std::mutex> &guard)
{
  std::shared_ptr<Link> ending = link;

  g_atomic_int_set (&stop, 1);
  changed.notify_all (); /* whoever pauses */
  guard.unlock ();
  if (ending != nullptr)
    ending->end ();
  guard.lock ();
}

bool
Job::out_of_time () const
{
  gint64 now = g_get_monotonic_time ();

  if (phase == Phase::connecting)
    return now - phase_start > (gint64) its_peer->connect_seconds * G_USEC_PER_SEC;
  return phase == Phase::talking && link->attached ()
         && now - link->last_activity () > (gint64) its_peer->answer_seconds * G_USEC_PER_SEC;
}

/* Progress reaches the tick on the caller's thread only: a job left behind calls nobody. */
void
Job::tell (std::unique_lock<std::mutex> &guard, const OssTick *tick)
{
  if (!news)
    return;
  double here = fraction;
  const char *words = what;
  news = false;
  guard.unlock ();
  oss_tick_report (tick, here, words, nullptr);
  guard.lock ();
}

bool
Job::finish (const OssTick *tick, GError **error)
{
  std::unique_lock<std::mutex> guard (lock);

  while (!wait (guard, 20))
    {
      tell (guard, tick);
      if (oss_tick_stopped (tick) && !cancelled)
        {
          cancelled = true;
          end_link (guard);
          wait (guard, 130);
          break;
        }
      if (!late && out_of_time ())
        {
          late = true;
          bool reachable = link->attached ();
          end_link (guard);
          wait (guard, reachable ? 2000 : 50);
          break;
        }
    }
  tell (guard, tick);
  if (cancelled)
    return oss_tick_cancelled (error);
  if (late && !(done && good))
    {
      g_autofree char *name = oss_pacs_peer_describe (its_peer);
      guint seconds = phase == Phase::connecting ? its_peer->connect_seconds : its_peer->answer_seconds;
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("%s does not answer: nothing came for %u s."), name,
                   seconds);
      return false;
    }
  if (failure != nullptr)
    {
      g_propagate_error (error, failure);
      failure = nullptr;
    }
  return good;
}

bool
Job::run (const std::shared_ptr<Job> &job, Body body, const OssTick *tick, GError **error)
{
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  job->body = std::move (body);
  g_thread_unref (g_thread_new ("oss-pacs", thread, new std::shared_ptr<Job> (job)));
  return job->finish (tick, error);
}

} // namespace pacs
