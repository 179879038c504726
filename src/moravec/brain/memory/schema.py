"""The tables of a memory file.

`events` is the truth: it is only added to, and each row is chained to the one before. All other tables can be made again
from it (see `project`), so that they can be checked, and so that what is forgotten is gone from all of them.

Times are UTC [ns since 1970-01-01]; lengths [m] in the workplace's world frame; durations [s] of the robot's time.
"""

from __future__ import annotations

APPLICATION_ID = 0x4D565259  # "MVRY", at byte 68 of the file
VERSION = 1  # at byte 60
PAGE = 4096  # [bytes]

TRUTH = """
CREATE TABLE events(
  seq INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL, kind TEXT NOT NULL,
  body TEXT, salt BLOB, seal BLOB NOT NULL, link BLOB NOT NULL);
CREATE TABLE head(one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, link BLOB NOT NULL);
"""

MADE = """
CREATE TABLE site(name TEXT NOT NULL);
CREATE TABLE jobs(
  id INTEGER PRIMARY KEY, begun_ns INTEGER, ended_ns INTEGER, instruction TEXT, goal TEXT, answer TEXT, problems TEXT,
  refused TEXT, success INTEGER, trouble TEXT, seconds REAL, steps INTEGER, failed INTEGER, replans INTEGER, questions INTEGER);
CREATE TABLE objects(
  id INTEGER PRIMARY KEY, category TEXT, colour TEXT, damaged INTEGER, code TEXT, extent TEXT, place TEXT, x REAL, y REAL, z REAL,
  confidence REAL, seen_by TEXT, first_ns INTEGER, last_ns INTEGER, job INTEGER);
CREATE INDEX objects_in ON objects(job);
CREATE INDEX objects_with ON objects(code);
CREATE TABLE sightings(
  seq INTEGER PRIMARY KEY, object INTEGER NOT NULL, job INTEGER NOT NULL, utc_ns INTEGER NOT NULL, t REAL, event TEXT NOT NULL,
  what TEXT, place TEXT, x REAL, y REAL, z REAL, confidence REAL, seen_by TEXT);
CREATE INDEX sightings_of ON sightings(object, seq);
CREATE TABLE places(name TEXT PRIMARY KEY, kind TEXT NOT NULL, x REAL, y REAL, floor REAL, rim REAL, size_x REAL, size_y REAL);
CREATE TABLE facts(
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, provenance TEXT NOT NULL, who TEXT,
  why TEXT, expires_ns INTEGER, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, count INTEGER NOT NULL, ended_seq INTEGER);
CREATE INDEX facts_of ON facts(subject, key);
CREATE TABLE evidence(fact INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (fact, seq)) WITHOUT ROWID;
CREATE TABLE runs(
  seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, utc_ns INTEGER NOT NULL, skill TEXT NOT NULL, category TEXT NOT NULL,
  place TEXT NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL, seconds REAL NOT NULL);
CREATE INDEX runs_of ON runs(skill, category, place);
CREATE TABLE answers(
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL, utc_ns INTEGER NOT NULL, question TEXT NOT NULL, options TEXT NOT NULL,
  answer TEXT NOT NULL, why TEXT NOT NULL, who TEXT, scope TEXT NOT NULL, expires_ns INTEGER, used INTEGER NOT NULL);
CREATE TABLE texts(seq INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, text TEXT NOT NULL,
  words TEXT NOT NULL);
"""
MADE_TABLES = ("site", "jobs", "objects", "sightings", "places", "facts", "evidence", "runs", "answers", "texts")

# Indexes that speed up a search and hold nothing of their own. Without the module the same rows are found by looking at all.
INDEXES = {
    "fts5": ("text_index", "CREATE VIRTUAL TABLE text_index USING fts5(words, content='', tokenize='ascii')"),
    "rtree": ("spot_index", "CREATE VIRTUAL TABLE spot_index USING rtree(id, x0, x1, y0, y1, z0, z1)"),
}
