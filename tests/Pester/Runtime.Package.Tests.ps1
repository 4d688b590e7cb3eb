# The whole way of somebody else's machine: the package, its installation, libtorch, a result, and all gone again.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    . (Join-Path $PSScriptRoot 'RuntimeSupport.ps1')
    $lora = Get-SamplePath 'lora'
}

# Packing takes PSResourceGet 1.1. On Windows the folder of a user's modules cannot be moved, so that only a machine of CI is changed.
Describe 'The whole way' -Skip:(-not (Get-Command Compress-PSResource -ErrorAction Ignore) -or ($IsWindows -and -not $env:CI)) {
    BeforeAll {
        $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
        $base = Get-SamplePath 'base'
        $gallery = New-TestFolder
        $userFolder = New-TestFolder
        $name = "gallery$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        $register = "Register-PSResourceRepository -Name $name -Uri '$gallery' -Trusted"

        # Runs a script as a user with an empty home, who has this machine's sources of NuGet.
        function Invoke-AsUser([string] $Script, [hashtable] $Variable = @{}) {
            $Variable += $IsWindows ? @{ LOCALAPPDATA = $userFolder } : @{ HOME = $userFolder; XDG_DATA_HOME = $null }
            $Variable += @{ RESIZELORA_RUNTIME = $null; RESIZELORA_CACHE = $null; PSModulePath = $null }
            $before = @{}
            foreach ($key in $Variable.Keys) {
                $before[$key] = [System.Environment]::GetEnvironmentVariable($key)
                [System.Environment]::SetEnvironmentVariable($key, $Variable[$key])
            }
            try {
                Invoke-PowerShellProcess '-Command', "`$ErrorActionPreference = 'Stop'; `$ProgressPreference = 'SilentlyContinue'; `$PSStyle.OutputRendering = 'PlainText'; $Script"
            }
            finally {
                foreach ($key in $before.Keys) { [System.Environment]::SetEnvironmentVariable($key, $before[$key]) }
            }
        }

        $configuration = [System.IO.Path]::Combine($HOME, '.nuget', 'NuGet', 'NuGet.Config')
        if (-not $IsWindows -and [System.IO.File]::Exists($configuration)) {
            $copy = [System.IO.Path]::Combine($userFolder, '.nuget', 'NuGet')
            $null = [System.IO.Directory]::CreateDirectory($copy)
            [System.IO.File]::Copy($configuration, [System.IO.Path]::Combine($copy, 'NuGet.Config'))
        }

        $published = Invoke-PowerShellProcess '-Command', @"
`$ErrorActionPreference = 'Stop'
if (-not `$IsWindows) { `$env:XDG_DATA_HOME = '$(New-TestFolder)' }
$register
try { & '$([System.IO.Path]::Combine($root, 'build.ps1'))' -Task Publish -Repository $name } finally { Unregister-PSResourceRepository $name }
"@
        $installed = Invoke-AsUser "$register; Install-PSResource ResizeLora -Repository $name -TrustRepository; Unregister-PSResourceRepository $name; (Get-Module -ListAvailable ResizeLora).ModuleBase"
    }

    It 'publishes a package of at most 25 MB' {
        $package = [System.IO.Directory]::GetFiles($gallery, 'ResizeLora.*.nupkg')
        $package | Should -HaveCount 1 -Because $published.Text
        [System.IO.FileInfo]::new($package).Length | Should -BeLessOrEqual 25000000
    }

    It 'installs it for a user with an empty home, without libtorch and symbols, and with all licences' {
        $folder = @($installed.Text -split '\r?\n' | Where-Object { $_ })[-1]
        $files = Get-FileName $folder
        $files | Should -Contain 'ResizeLora.psd1' -Because $installed.Text
        $files | Should -Not -Match '\.pdb$'
        $files | Should -Not -Match $torchLibraries
        foreach ($native in 'linux-x64', 'win-x64', 'osx-arm64') {
            @(Get-FileName ([System.IO.Path]::Combine($folder, 'native', $native))) -match '(SkiaSharp|HarfBuzzSharp|LibTorchSharp)\.(dll|so|dylib)$' | Should -HaveCount 3
        }
        foreach ($library in [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($folder, 'bin'), '*.dll')) {
            $family = [System.IO.Path]::GetFileName($library).Split('.')[0]
            if ($family -ne 'ResizeLora') { [System.IO.Path]::Combine($folder, 'third-party', $family, 'LICENSE*') | Should -Exist }
        }
    }

    It 'says a clear error without the network, and the same line again brings libtorch; then the sample is resized, and all is removed again' {
        $away = Invoke-AsUser 'Install-ResizeLoraRuntime' @{ http_proxy = 'http://127.0.0.1:9'; https_proxy = 'http://127.0.0.1:9' }
        $away.ExitCode | Should -Be 1
        $away.Text -replace '\s*\r?\n\s*\|\s*', ' ' | Should -Match 'libtorch-cpu-[\w-]+ [\d.]+ was not found in .+ The same line again tries once more'

        $told = Invoke-AsUser @"
try { Get-LoraSpectrum '$lora' } catch { "`$_" }
(Install-ResizeLoraRuntime).Platform
(Resize-Lora '$lora' -Checkpoint '$base' -Recipe 'spn_ckpt=1,thr=-1.2' -OutputDirectory '$userFolder').NewRank
"@
        if ($told.Text -match 'was not found in') {
            Set-ItResult -Skipped -Because 'no source of NuGet with libtorch can be reached from this machine'
            return
        }
        @($told.Text -split '\r?\n' | Where-Object { $_ }) | Should -Be @(
            "libtorch 2.10.0, which computes, is missing on this machine ($platform). Install-ResizeLoraRuntime brings it.", $platform, '183'
        )

        $removed = Invoke-AsUser "Uninstall-ResizeLoraRuntime; Uninstall-PSResource ResizeLora; 'done'"
        $removed.Text.Trim() | Should -Be 'done'
        @([System.IO.Directory]::GetFiles($userFolder, '*', 'AllDirectories') -match '(torch_cpu|ResizeLora\.Engine)') | Should -BeNullOrEmpty
    }
}
