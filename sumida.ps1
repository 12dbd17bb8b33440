#Requires -Version 5.1
<#
.SYNOPSIS
make のない Windows で、README の2つのコマンドと同じことをします。install は、見本データを置かずに入れるだけです。

.EXAMPLE
powershell -ExecutionPolicy Bypass -File .\sumida.ps1 run
.EXAMPLE
powershell -ExecutionPolicy Bypass -File .\sumida.ps1 test
#>
param(
    [ValidateSet('run', 'test', 'install')]
    [string]$Command = 'run'
)

$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$env:PYTHONUTF8 = '1'
$env:KEDRO_DISABLE_TELEMETRY = '1'
$env:DO_NOT_TRACK = '1'
$Scripts = Join-Path $PSScriptRoot '.venv\Scripts'
$Python = Join-Path $Scripts 'python.exe'

function Invoke-Checked {
    # 2 は「除いたものがあるが済んだ」で、失敗ではありません。
    param([string]$Program, [string[]]$Arguments, [int[]]$Allowed = @(0))
    & $Program @Arguments
    if ($Allowed -notcontains $LASTEXITCODE) { exit $LASTEXITCODE }
}

function Install-Project {
    param([string]$Lock, [string]$Stamp)
    $Mark = Join-Path $PSScriptRoot ".venv\$Stamp"
    if (-not (Test-Path -LiteralPath $Python)) {
        Invoke-Checked 'py' @('-3.11', '-m', 'venv', '.venv')
    }
    $Newest = Get-Item -LiteralPath $Lock, 'pyproject.toml' | Sort-Object LastWriteTime | Select-Object -Last 1
    if ((Test-Path -LiteralPath $Mark) -and ((Get-Item -LiteralPath $Mark).LastWriteTime -ge $Newest.LastWriteTime)) { return }
    Invoke-Checked $Python @('-m', 'pip', 'install', '--require-hashes', '--requirement', $Lock)
    Invoke-Checked $Python @('-m', 'pip', 'install', '--no-deps', '--editable', '.')
    Set-Content -LiteralPath $Mark -Value '' -NoNewline
}

function Test-Returns {
    foreach ($Folder in 'data\01_raw\survey', 'data\01_raw\kept_readings') {
        if ((Test-Path -LiteralPath $Folder) -and (Get-ChildItem -LiteralPath $Folder -Recurse -File | Select-Object -First 1)) { return $true }
    }
    return $false
}

if ($Command -ne 'test') { Install-Project 'requirements.lock' 'installed' }
if ($Command -eq 'run') {
    if (-not (Test-Returns)) { Invoke-Checked $Python @('-m', 'kedro', 'run', '--pipelines=sample') }
    Invoke-Checked $Python @('-m', 'kedro', 'run') @(0, 2)
}
if ($Command -eq 'test') {
    Install-Project 'requirements-dev.lock' 'installed-dev'
    Invoke-Checked $Python @('-m', 'ruff', 'format', '--check', '.')
    Invoke-Checked $Python @('-m', 'ruff', 'check', '.')
    Invoke-Checked $Python @('-m', 'mypy')
    Invoke-Checked (Join-Path $Scripts 'lint-imports.exe') @()
    Invoke-Checked $Python @('-m', 'pytest')
}
exit 0
