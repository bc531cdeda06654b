#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Counts the rows of a table in /home/hexa/workspace."""

from __future__ import annotations

import csv


def read(path: str = "/home/hexa/workspace/data/cases.csv") -> list[list[str]]:
    with open(path, encoding="utf-8") as file:
        return list(csv.reader(file))


rows = len(read())