"""The job as a Prefect flow: `python flows/ingest.py --raw raw --processed processed`.

Runs on the server that PREFECT_API_URL names, else on one that Prefect starts for the run. What is
done is known to the manifest in `processed/`, never to Prefect: a run that it takes for running
after a power cut stops nobody.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

# Set here because Prefect reads its settings from the folder one stands in; yours come first.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "true")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")

from prefect import State, flow, get_client, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from clippings.errors import ClippingsError, LockedError, WorkerError
from clippings.pipeline import Batch, Done, ingest
from clippings.report import quote, write_markdown, write_text
