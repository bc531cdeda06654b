"""What must hold for long: interrupts, crashes and big frames of ``%%R``."""
