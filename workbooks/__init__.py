"""The only home of Excel: uploads read with cell addresses, reports and forms written."""
